import { addResources, noResources, type Resources, shortage, timesFitting } from "@shoal/proto";

/** The sum of all that is in use, against all that there is. */
export interface Usage {
  /** What is left; never below zero, even where more is used than there is. */
  available(): Resources;
  /** How many of these fit beside what is used, up to `slots`. */
  fitting(each: Resources, slots: number): number;
  /** The sentence for one that does not fit. */
  whyNot(each: Resources): string;
  /** Adds so many of these, or takes them off again where `slots` is negative. */
  use(each: Resources, slots: number): void;
}

/** Nothing in use yet. `slotsMax` bounds how many there are, whatever they ask for. */
export function createUsage(capacity: Resources, slotsMax: number): Usage {
  let used = noResources;
  let usedSlots = 0;
  const available = () => addResources(capacity, used, -1);
  return {
    available,
    fitting: (each, slots) => Math.max(0, Math.min(timesFitting(each, available(), slots), slotsMax - usedSlots)),
    whyNot: (each) =>
      usedSlots >= slotsMax ? `all ${slotsMax} slots are in use` : (shortage(each, available()) ?? "no room is left"),
    use(each, slots) {
      // Added to nothing first: what is rounded in the same way going in and coming out leaves no dust.
      used = addResources(used, addResources(noResources, each), slots);
      usedSlots += slots;
    },
  };
}
