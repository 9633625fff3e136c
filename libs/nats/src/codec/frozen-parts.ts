import type { Whole } from "./place.ts";

/** Maps and lists that were read and will never change, with the bytes that they are written as. */
export class FrozenParts {
  readonly #stored = new WeakMap<object, Uint8Array>();

  /** Freezes what was read. Only what would be written as the same bytes is kept: somebody else may have written it otherwise. */
  add({ value, stored }: Whole, write: (value: unknown) => Uint8Array | undefined): void {
    freeze(value);
    const written = write(value);
    if (written !== undefined && Buffer.compare(written, stored) === 0) this.#stored.set(value, stored);
  }

  /** As what it is written, if it is one of them. */
  storedOf(value: object): Uint8Array | undefined {
    return this.#stored.get(value);
  }
}

function freeze(value: unknown): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  for (const inner of Object.values(value)) freeze(inner);
  Object.freeze(value);
}
