/** Where ids and dice come from. Seeded in simulations. */
export interface Chance {
  /** A random UUID. */
  uuid(): string;
  /** 0 ≤ n < 1. */
  fraction(): number;
  /** SHA-256 of bytes or of a text's UTF-8, in hexadecimal. */
  digest(data: Uint8Array | string): string;
}
