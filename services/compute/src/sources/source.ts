import type { z } from "zod";
import type { HeldPath } from "../held-path.ts";
import type { InputRoom } from "./room.ts";

/** Fetches one input. Its files are in `folder`, or are an allow-listed path of the host. */
export interface Source {
  /** The source type that a job names, in lower case. */
  readonly name: string;
  /** Schema of the source's params; the keys are the wire names (PascalCase). */
  readonly params: z.ZodType;
  /** Why this node cannot use the source now, or undefined when it can. Never throws. */
  unavailable(): Promise<string | undefined>;
  /** Why this node refuses this input, or undefined when it accepts; called before a bid, so it is quick. */
  refuses(params: unknown): Promise<string | undefined>;
  /** Fetches the input. Throws a Fault with the reason; `signal` aborts it. */
  fetch(request: FetchRequest): Promise<Fetched>;
}

export interface FetchRequest {
  /** Already parsed by `Source.params`. */
  readonly params: unknown;
  readonly partition: { readonly index: number; readonly count: number };
  /** An empty host folder for this input. */
  readonly folder: string;
  /** Everything that is written is counted here first. */
  readonly room: InputRoom;
  readonly signal: AbortSignal;
}

export interface Fetched {
  readonly hostPath: string;
  readonly readOnly: boolean;
  readonly sizeBytes: number;
  /** What `hostPath` led to at the check, where others may change what the path leads to. The caller closes it. */
  readonly held?: HeldPath;
}
