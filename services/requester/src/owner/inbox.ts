import { Fault, type Rejection } from "@shoal/core";

/** How a command ended: what became true, or why nothing did. */
export type Outcome =
  | { readonly ok: true; readonly changed: boolean }
  | { readonly ok: false; readonly rejection: Rejection };

/** A command whose caller waits for what comes of it. */
export interface Waiting<C> {
  readonly command: C;
  readonly settle: (outcome: Outcome) => void;
  readonly fail: (failure: unknown) => void;
}

// More reports and wishes at once than one commit should answer; the rest goes into the next.
const batchMax = 256;

/** The commands that wait for one aggregate, in order. */
export class Inbox<C> {
  readonly #of: string;
  #waiting: Waiting<C>[] = [];
  #open = true;

  constructor(of: string) {
    this.#of = of;
  }

  isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  put(command: C): Promise<Outcome> {
    return new Promise((settle, fail) => {
      if (this.#open) this.#waiting.push({ command, settle, fail });
      else fail(this.#gone());
    });
  }

  /** The next commands to decide together, `most` of them. */
  take(most: number = batchMax): readonly Waiting<C>[] {
    return this.#waiting.splice(0, most);
  }

  putBack(batch: readonly Waiting<C>[]): void {
    if (this.#open) this.#waiting.unshift(...batch);
    else for (const { fail } of batch) fail(this.#gone());
  }

  /** Tells everybody who waits, now and later, that nothing is decided here any more. */
  close(): void {
    this.#open = false;
    for (const { fail } of this.#waiting.splice(0)) fail(this.#gone());
  }

  #gone(): Fault {
    return new Fault("LOG_UNREACHABLE", `${this.#of} is no longer decided here; another requester goes on with it`);
  }
}
