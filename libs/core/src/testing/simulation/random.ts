import { hash } from "node:crypto";
import type { Random } from "../../ports/random.ts";
import type { Prng } from "../prng.ts";

/** SHA-256 in hexadecimal, of bytes or of a text's UTF-8. */
export const sha256 = (data: Uint8Array | string): string => hash("sha256", data, "hex");

/** Ids and random numbers that the same seed repeats. */
export function seededRandom(prng: Prng): Random {
  const hex = (digits: number): string => {
    let text = "";
    while (text.length < digits) text += prng.between(0, 0xff_ff).toString(16).padStart(4, "0");
    return text.slice(0, digits);
  };
  return {
    // Version 4, variant 10, as RFC 9562 writes them.
    uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-${"89ab"[prng.between(0, 3)]}${hex(3)}-${hex(12)}`,
    fraction: () => prng.fraction(),
  };
}
