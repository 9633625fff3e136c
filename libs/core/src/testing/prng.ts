/** A seeded random number generator: the same seed gives the same numbers, on every machine. */
export interface Prng {
  /** 0 ≤ n < 1. */
  fraction(): number;
  /** A whole number, both ends included. */
  between(least: number, most: number): number;
  /** True with this probability, 0 … 1. Draws no number for 0, so that a disabled fault changes nothing else. */
  happens(probability: number): boolean;
  /** One element of a non-empty list. */
  pick<T>(from: readonly [T, ...T[]]): T;
  /** A separate generator for one purpose: numbers drawn from it do not change those drawn here. */
  split(purpose: string): Prng;
}

// The increment and the two multipliers of the splitmix32 generator.
const golden = 0x9e3779b9;
const mixA = 0x21f0aaad;
const mixB = 0x735a2d97;

function seedOf(text: string): number {
  let hash = golden;
  for (let index = 0; index < text.length; index++) hash = mix(hash ^ text.charCodeAt(index));
  return hash;
}

function mix(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), mixA);
  mixed = Math.imul(mixed ^ (mixed >>> 15), mixB);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}

/** Creates the generator of a seed. */
export function createPrng(seed: number | string): Prng {
  let state = seedOf(String(seed));
  const fraction = (): number => {
    state = (state + golden) | 0;
    return mix(state) / 0x1_0000_0000;
  };
  const between = (least: number, most: number): number => least + Math.floor(fraction() * (most - least + 1));
  return {
    fraction,
    between,
    happens: (probability) => probability > 0 && fraction() < probability,
    pick: (from) => from[between(0, from.length - 1)] ?? from[0],
    split: (purpose) => createPrng(`${seed}/${purpose}`),
  };
}
