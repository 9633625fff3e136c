import { type ErrorCode, errors } from "@shoal/proto";

/** What may be said beside the code and the sentence. */
export interface FaultMore {
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** The world let us down, or a caller asked for what cannot be. Thrown; tried again when its row says so. */
export class Fault extends Error {
  override readonly name = "Fault";
  readonly code: ErrorCode;
  readonly why: string;
  readonly details: Readonly<Record<string, unknown>>;

  /** `why` says what was wanted and what was found; the table's sentence and hint come from the code. */
  constructor(code: ErrorCode, why: string, more: FaultMore = {}) {
    super(`${errors[code].summary}: ${why}`, "cause" in more ? { cause: more.cause } : {});
    this.code = code;
    this.why = why;
    this.details = more.details ?? {};
  }

  get retry(): boolean {
    return errors[this.code].retry;
  }
}

/** We let ourselves down. Never caught for good: the process ends, and a replay starts clean. */
export class Bug extends Error {
  override readonly name = "Bug";
}

/** Ends the process when what must hold does not. */
export function assert(holds: boolean, why: string): asserts holds {
  if (!holds) throw new Bug(why);
}

/** A failure as a code and a sentence, whatever was thrown. */
export function causeOf(failure: unknown): { readonly code: ErrorCode; readonly why: string } {
  if (failure instanceof Fault) return { code: failure.code, why: failure.why };
  return { code: "INTERNAL", why: failure instanceof Error ? failure.message : String(failure) };
}
