import { addResources, noResources, type Resources, shortage, timesFitting } from "@shoal/proto";

/** The sum of the resources in use, against the capacity. */
export interface Usage {
  /** What is left; never below zero, even where more is used than the capacity. */
  available(): Resources;
  /** How many of these fit beside the resources in use, up to `slots`. */
  fitting(each: Resources, slots: number): number;
  /** The reason why one more does not fit. */
  whyNot(each: Resources): string;
  /** Adds this number of slots, or subtracts them when `slots` is negative. */
  use(each: Resources, slots: number): void;
}

/** Nothing is in use yet. `slotsMax` bounds the number of slots, whatever they request. */
export function createUsage(capacity: Resources, slotsMax: number): Usage {
  let used = noResources;
  let usedSlots = 0;
  const available = () => addResources(capacity, used, -1);
  return {
    available,
    fitting: (each, slots) => Math.max(0, Math.min(timesFitting(each, available(), slots), slotsMax - usedSlots)),
    whyNot: (each) =>
      usedSlots >= slotsMax
        ? `all ${slotsMax} slots are in use`
        : (shortage(each, available()) ?? "no resources are free"),
    use(each, slots) {
      // Added to zero first: rounding is then equal on the way in and out, and leaves no remainder.
      used = addResources(used, addResources(noResources, each), slots);
      usedSlots += slots;
    },
  };
}
