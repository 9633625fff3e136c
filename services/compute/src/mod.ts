export { createCompute } from "./compute.ts";
export type { ComputePorts, NodeSettings } from "./compute-ports.ts";
export { ComputeConfig } from "./config.ts";
export type { Executor } from "./executors/executor.ts";
export { noop } from "./executors/noop.ts";
export type { Journal, JournalEntry } from "./journal/journal.ts";
export { memoryJournal } from "./journal/memory-journal.ts";
export { type ComputeServing, serveCompute } from "./main.ts";
export { memoryWorkspace } from "./workspace/memory-workspace.ts";
