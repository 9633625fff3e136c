import type { z } from "zod";
import type { HeldPath } from "../held-path.ts";
import type { InputRoom } from "./room.ts";

/** Brings one input in. What it makes lies under `folder`, or is an allow-listed path of the host itself. */
export interface Source {
  /** The source type that a job names, in lower case. */
  readonly name: string;
  /** What the source's params may hold; its keys are the wire names (PascalCase). */
  readonly params: z.ZodType;
  /** Why this node cannot use it now, or undefined when it can. Never throws. */
  unavailable(): Promise<string | undefined>;
  /** Why this node will not bring this input in, or undefined when it will; asked before a bid, so it is quick. */
  refuses(params: unknown): Promise<string | undefined>;
  /** Brings it in. Throws a Fault with the reason; `signal` ends it early. */
  fetch(request: FetchRequest): Promise<Fetched>;
}

export interface FetchRequest {
  /** Already parsed by `Source.params`. */
  readonly params: unknown;
  readonly partition: { readonly index: number; readonly count: number };
  /** An empty folder of its own on the host. */
  readonly folder: string;
  /** Everything that is written is counted here first. */
  readonly room: InputRoom;
  readonly signal: AbortSignal;
}

export interface Fetched {
  readonly hostPath: string;
  readonly readOnly: boolean;
  readonly sizeBytes: number;
  /** What `hostPath` led to when it was judged, where others may change what the path leads to. The caller closes it. */
  readonly held?: HeldPath;
}
