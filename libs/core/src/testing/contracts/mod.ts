export { eventLogContract, grow, type LogBench, someCommit, someJob } from "./event-log.contract.ts";
export { type Heard, heard } from "./heard.ts";
export { type LeaseBench, leasesContract } from "./leases.contract.ts";
export { type ViewBench, viewStoreContract } from "./view-store.contract.ts";
