const zero = 0x30;
const base = 10;

/** Where the token begins that ends before a position. */
export function startOfToken(bytes: Uint8Array, end: number, separator: number): number {
  let at = end;
  while (at > 0 && bytes[at - 1] !== separator) at--;
  return at;
}

/** A number in digits; NaN when it is none. */
export function numberIn(bytes: Uint8Array, from: number, to: number): number {
  if (from >= to) return Number.NaN;
  let value = 0;
  for (let at = from; at < to; at++) {
    const digit = (bytes[at] ?? 0) - zero;
    if (digit < 0 || digit >= base) return Number.NaN;
    value = value * base + digit;
  }
  return value;
}
