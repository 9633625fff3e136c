// The first 32 bits of the fractional parts of the cube roots of the first 64 primes (FIPS 180-4, 4.2.2).
// biome-ignore format: a table
const roundConstants = new Int32Array([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
]);

// The same for the square roots of the first eight primes (FIPS 180-4, 5.3.3).
// biome-ignore format: a table
const initialState = [
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
];

const blockBytes = 64;
/** The length of the message in bits ends the last block. */
const lengthBytes = 8;

// Ids are below a hundred bytes; a longer text gets a separate buffer. A character takes three bytes at most.
const scratchChars = 256;
const bytesPerChar = 3;
const sizeFor = (chars: number): number => chars * bytesPerChar + 1 + lengthBytes + blockBytes;

// Every call reuses it: allocating and collecting it took most of the time.
const encoder = new TextEncoder();
const scratch = new Uint8Array(sizeFor(scratchChars));
const schedule = new Int32Array(64);
const state = new Int32Array(initialState.length);
// Formatting numbers as text took half of the time.
const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/**
 * SHA-256 of a text's UTF-8 bytes, in hexadecimal. Pure and synchronous, so that ids can be derived in synchronous code and without
 * the platform's crypto; for short texts, as it takes about a microsecond a block.
 */
export function sha256(text: string): string {
  const bytes = text.length <= scratchChars ? scratch : new Uint8Array(sizeFor(text.length));
  const { written } = encoder.encodeInto(text, bytes);
  const blocks = Math.ceil((written + 1 + lengthBytes) / blockBytes);
  bytes.fill(0, written, blocks * blockBytes);
  bytes[written] = 0x80;
  const view = new DataView(bytes.buffer);
  view.setBigUint64(blocks * blockBytes - lengthBytes, BigInt(written) * 8n);
  state.set(initialState);
  for (let block = 0; block < blocks; block++) {
    for (let word = 0; word < 16; word++) schedule[word] = view.getInt32(block * blockBytes + word * 4);
    extend();
    compress();
  }
  let hex = "";
  for (let index = 0; index < state.length; index++) hex += hexOfWord(state[index] ?? 0);
  return hex;
}

function hexOfWord(word: number): string {
  const byte = (shift: number): string => hexOfByte[(word >>> shift) & 0xff] ?? "";
  return byte(24) + byte(16) + byte(8) + byte(0);
}

const rotate = (word: number, by: number): number => (word >>> by) | (word << (32 - by));

/** Computes the schedule after its first 16 words, which are the block's. */
function extend(): void {
  for (let t = 16; t < 64; t++) {
    const back15 = schedule[t - 15] ?? 0;
    const back2 = schedule[t - 2] ?? 0;
    const sigma0 = rotate(back15, 7) ^ rotate(back15, 18) ^ (back15 >>> 3);
    const sigma1 = rotate(back2, 17) ^ rotate(back2, 19) ^ (back2 >>> 10);
    schedule[t] = (schedule[t - 16] ?? 0) + sigma0 + (schedule[t - 7] ?? 0) + sigma1;
  }
}

/** Mixes the block of the schedule into the state. */
function compress(): void {
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
  for (let t = 0; t < 64; t++) {
    const sum1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const choice = (e & f) ^ (~e & g);
    const first = (h + sum1 + choice + (roundConstants[t] ?? 0) + (schedule[t] ?? 0)) | 0;
    const sum0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const second = (sum0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + second) | 0;
  }
  const mixed = [a, b, c, d, e, f, g, h];
  // The array itself wraps around at 32 bits.
  for (let index = 0; index < mixed.length; index++) state[index] = (state[index] ?? 0) + (mixed[index] ?? 0);
}
