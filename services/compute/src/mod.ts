export { ComputeConfig } from "./config.ts";
export { createCompute } from "./create-compute.ts";
export type { Executor } from "./executors/executor.ts";
export { noop } from "./executors/noop.ts";
export type { Journal, JournalEntry } from "./journal/journal.ts";
export { memoryJournal } from "./journal/memory-journal.ts";
export type { ComputePorts, NodeSettings } from "./ports.ts";
export { type ComputeServing, serveCompute } from "./serve.ts";
export { memoryWorkspace } from "./workspace/memory-workspace.ts";
