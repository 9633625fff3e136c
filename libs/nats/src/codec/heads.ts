/** How values begin in MessagePack: those of a usual log, the short ones with a value or a length in their last bits. */
export const heads = {
  map: 0x80,
  list: 0x90,
  text: 0xa0,
  nil: 0xc0,
  /** No value begins so. */
  never: 0xc1,
  false: 0xc2,
  true: 0xc3,
  float64: 0xcb,
  whole8: 0xcc,
  whole16: 0xcd,
  whole32: 0xce,
  text8: 0xd9,
  text16: 0xda,
  list16: 0xdc,
  list32: 0xdd,
  map16: 0xde,
  map32: 0xdf,
} as const;

/** What fits into a head's last bits, and into one and two bytes behind it: one more than the greatest. */
export const fits = { whole: 2 ** 7, many: 2 ** 4, text: 2 ** 5, one: 2 ** 8, two: 2 ** 16 } as const;

/** The last character that is one byte in all encodings of text. */
export const lastAscii = 0x7f;
