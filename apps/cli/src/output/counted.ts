/** A number and its noun: `1 node`, `3 nodes`. For nouns with a regular plural. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;
