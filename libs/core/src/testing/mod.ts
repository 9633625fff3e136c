export { createDice, type Dice } from "./dice.ts";
export { createHandClock, drive, type HandClock } from "./hand-clock.ts";
export { type MemoCommand, nextFeatureLevel, nextKinds, thisKinds } from "./kinds/releases.ts";
export type { Berth } from "./memory/berth.ts";
export { seededChance } from "./memory/chance.ts";
export { calm, drawFaults, type Faults } from "./memory/faults.ts";
export { createSea, type Sea } from "./memory/sea.ts";
export { entriesOf } from "./memory/view-store.ts";
export { type SpecWishes, sampleAt, sampleHeartbeat, sampleInfo, sampleResources, sampleSpec } from "./samples.ts";
