import type { HeldPath } from "../held-path.ts";
import type { NodePart } from "../parts.ts";
import type { InputRoom } from "./room.ts";

/** Fetches one input. Its files are in `folder`, or are an allow-listed path of the host. */
export interface Source extends NodePart {
  /** Its inputs are on this machine already; they are not when it is left out. */
  readonly isLocal?: boolean;
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
  /** The name of a file whose place is inside the input's target, not the target itself. */
  readonly name?: string;
  /** What `hostPath` led to at the check, where others may change what the path leads to. The caller closes it. */
  readonly held?: HeldPath;
}
