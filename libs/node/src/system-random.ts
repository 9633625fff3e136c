import { randomInt, randomUUID } from "node:crypto";
import type { Random } from "@shoal/core";

// The maximum range of randomInt.
const steps = 2 ** 48 - 1;

/** The machine's cryptographic random numbers, so that no id can be guessed. */
export const systemRandom: Random = {
  uuid: () => randomUUID(),
  fraction: () => randomInt(steps) / steps,
};
