import { z } from "zod";

/** The most slots of one set: as many partitions as a job may have. */
export const slotsMax = 10_000;

const range = z.tuple([z.int().min(0), z.int().min(0)]).refine(([from, to]) => from < to, "expected from below to");

/** Slots of a job, compact: ranges of partition numbers, both ends included, and single slots by name. */
export const SlotSet = z
  .array(z.union([z.string().min(1), range]))
  .refine((set) => countOf(set) <= slotsMax, `expected at most ${slotsMax} slots`);
export type SlotSet = z.infer<typeof SlotSet>;

const number = /^(0|[1-9]\d{0,14})$/;

/** The canonical set of these slots, in any order and with duplicates: numbers ascending, then other names. */
export function slotSetOf(slots: Iterable<string>): SlotSet {
  const numbers: number[] = [];
  const names: string[] = [];
  for (const slot of new Set(slots)) {
    if (number.test(slot)) numbers.push(Number(slot));
    else names.push(slot);
  }
  numbers.sort((a, b) => a - b);
  const set: SlotSet = [];
  for (let index = 0; index < numbers.length; ) {
    const from = numbers[index] ?? 0;
    let to = from;
    while (numbers[index + 1] === to + 1) {
      to++;
      index++;
    }
    set.push(from === to ? `${from}` : [from, to]);
    index++;
  }
  return [...set, ...names.sort()];
}

/** Every slot of a set, in its order. */
export function slotsIn(set: SlotSet): readonly string[] {
  return set.flatMap((item) =>
    typeof item === "string"
      ? [item]
      : Array.from({ length: item[1] - item[0] + 1 }, (_, index) => `${item[0] + index}`),
  );
}

/** A set for display: `0-9, 12, n-a`. */
export const slotText = (set: SlotSet): string =>
  set.map((item) => (typeof item === "string" ? item : `${item[0]}-${item[1]}`)).join(", ");

function countOf(set: readonly (string | readonly [number, number])[]): number {
  return set.reduce((count, item) => count + (typeof item === "string" ? 1 : item[1] - item[0] + 1), 0);
}
