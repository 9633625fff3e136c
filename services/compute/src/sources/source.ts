import { Fault } from "@shoal/core";
import type { HeldPath } from "../held-path.ts";
import type { NodePart } from "../parts.ts";
import type { InputRoom } from "./room.ts";

/** Fetches one input. Its files are in `folder`, or are an allow-listed path of the host. */
export interface Source extends NodePart {
  /** Its inputs are on this machine already; they are not when it is left out. */
  readonly isLocal?: boolean;
  /** Why this node refuses this input, or undefined when it accepts; called before a bid, so it is quick. */
  refuses(params: unknown): Promise<string | undefined>;
  /**
   * What identifies the content of an input, for the cache; undefined when that is not known before it is fetched. Never
   * throws: what is wrong with an input is the reason of its fetch.
   */
  identify?(request: FetchRequest): Promise<ContentIdentity | undefined>;
  /** Fetches the input. Throws a Fault with the reason; `signal` aborts it. */
  fetch(request: FetchRequest): Promise<Fetched>;
}

/** What identifies the content of an input. */
export interface ContentIdentity {
  /** Equal keys of one source are equal bytes. */
  readonly key: string;
  /** The key is a digest of the bytes; else the store's word for it, such as an ETag. */
  readonly isDigest: boolean;
}

export interface FetchRequest {
  readonly namespace: string;
  /** Already parsed by `Source.params`. */
  readonly params: unknown;
  readonly partition: { readonly index: number; readonly count: number };
  /** An empty host folder for this input. */
  readonly folder: string;
  /** Everything that is written is counted here first. */
  readonly room: InputRoom;
  readonly signal: AbortSignal;
  /** The content that is expected: the source fetches no other, and throws ContentChanged instead. */
  readonly identity?: ContentIdentity;
}

/** The content of an input is another one than was identified. */
export class ContentChanged extends Fault {
  constructor(shown: string) {
    super("INPUT_UNAVAILABLE", `${shown}: changed while it was fetched`);
  }
}

export interface Fetched {
  readonly hostPath: string;
  readonly readOnly: boolean;
  readonly sizeBytes: number;
  /** The bytes were on this node, or on their way to it, before. */
  readonly isCached?: boolean;
  /** The name of a file whose place is inside the input's target, not the target itself. */
  readonly name?: string;
  /** What `hostPath` led to at the check, where others may change what the path leads to. The caller closes it. */
  readonly held?: HeldPath;
}
