/**
 * Thrown by the quick reader and writer at what they leave to the library: whatever is not usual in a log, such as
 * dates, bytes, numbers of 64 bits, text beyond ASCII, and data that is damaged.
 */
export const unusual = Symbol("unusual");
