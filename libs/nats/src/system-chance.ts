import { hash, randomInt, randomUUID } from "node:crypto";
import type { Chance } from "@shoal/core";

// As many steps as randomInt can draw from at once.
const steps = 2 ** 48 - 1;

/** The machine's dice: cryptographic, so that ids can be guessed by nobody. */
export const systemChance: Chance = {
  uuid: () => randomUUID(),
  fraction: () => randomInt(steps) / steps,
  digest: (data) => hash("sha256", data, "hex"),
};
