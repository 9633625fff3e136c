import { type ErrorCode, errors } from "@shoal/proto/errors";

/** Optional parts of a fault. */
export interface FaultMore {
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** The environment failed, or a caller asked for the impossible. Thrown; retried when its row of the error table allows it. */
export class Fault extends Error {
  override readonly name = "Fault";
  readonly code: ErrorCode;
  readonly why: string;
  readonly details: Readonly<Record<string, unknown>>;

  /** `why`: what was expected and what was found; the table's sentence and hint come from the code. */
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

/** A programming error. Never handled: the process ends, and a replay starts clean. */
export class Bug extends Error {
  override readonly name = "Bug";
}

/** Throws a Bug when an invariant does not hold. */
export function assert(holds: boolean, why: string): asserts holds {
  if (!holds) throw new Bug(why);
}

/** The code and the sentence of any thrown value. */
export function causeOf(failure: unknown): { readonly code: ErrorCode; readonly why: string } {
  if (failure instanceof Fault) return { code: failure.code, why: failure.why };
  return { code: "INTERNAL", why: failure instanceof Error ? failure.message : String(failure) };
}
