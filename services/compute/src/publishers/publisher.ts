import type { SpecConfig } from "@shoal/proto";
import type { NodePart } from "../parts.ts";

/** Takes results out. Publishing the same execution twice gives the same result. */
export interface Publisher extends NodePart {
  /** Why this node does not publish with these params, or undefined when it does; called before a bid. */
  refuses?(params: unknown): string | undefined;
  /** Publishes the folder. Throws a Fault with the reason; `signal` aborts it. */
  publish(results: PublishRequest): Promise<SpecConfig>;
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
