export type { ErrandCommand } from "./kinds/errand/decide.ts";
export type { Errand } from "./kinds/errand/errand.ts";
export type { ErrandPlan } from "./kinds/errand/events.ts";
export { errandKind } from "./kinds/errand/kind.ts";
export { type NextErrand, nextErrandKind } from "./kinds/next-errand.ts";
export {
  type MemoCommand,
  nextFeatureLevel,
  ofNextType,
  type Release,
  type ReleaseName,
  releases,
} from "./kinds/releases.ts";
export { createManualClock, drive, type ManualClock } from "./manual-clock.ts";
export { createPrng, type Prng } from "./prng.ts";
export { type SpecOverrides, sampleAt, sampleHeartbeat, sampleInfo, sampleResources, sampleSpec } from "./samples.ts";
export { drawFaults, type Faults, noFaults } from "./simulation/faults.ts";
export { seededRandom } from "./simulation/random.ts";
export { createSimulatedCluster, type SimulatedCluster } from "./simulation/simulated-cluster.ts";
export type { SimulatedProcess } from "./simulation/simulated-process.ts";
export { entriesOf } from "./simulation/view-store.ts";
