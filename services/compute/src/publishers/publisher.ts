import type { SpecConfig } from "@shoal/proto";
import type { z } from "zod";

/** Takes results out. Publishing the same execution twice gives the same result. */
export interface Publisher {
  /** The publisher type that a job names, in lower case. */
  readonly name: string;
  /** Schema of the publisher's params; the keys are the wire names (PascalCase). */
  readonly params: z.ZodType;
  /** Why this node cannot use the publisher now, or undefined when it can. Never throws. */
  unavailable(): Promise<string | undefined>;
  /** Publishes the folder. Throws a Fault with the reason; `signal` aborts it. */
  publish(results: PublishRequest): Promise<SpecConfig>;
  /** Releases the publisher's own resources (servers, connections). */
  close(): Promise<void>;
}

export interface PublishRequest {
  readonly executionId: string;
  readonly jobId: string;
  readonly namespace: string;
  readonly nodeId: string;
  /** Already parsed by `Publisher.params`. */
  readonly params: unknown;
  /** Contains stdout, stderr, exitCode and a folder for each result path. */
  readonly folder: string;
  readonly signal: AbortSignal;
}
