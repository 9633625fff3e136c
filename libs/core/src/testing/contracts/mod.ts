export { type CheckpointBench, checkpointsContract } from "./checkpoints.contract.ts";
export { type ClockBench, clockContract } from "./clock.contract.ts";
export { eventLogContract, grow, type LogBench, someCommit, someJob } from "./event-log.contract.ts";
export { type Heard, heard } from "./heard.ts";
export { type LeaseBench, leasesContract } from "./leases.contract.ts";
export { logStreamContract, type OutputBench } from "./log-stream.contract.ts";
export { type MarketBench, marketContract } from "./market.contract.ts";
export { type ReportBench, reportQueueContract } from "./report-queue.contract.ts";
export { type ViewBench, viewStoreContract } from "./view-store.contract.ts";
