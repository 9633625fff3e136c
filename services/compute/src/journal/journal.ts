import { ExecutionRuntime, Report, RunOutput } from "@shoal/proto";
import { z } from "zod";

/** How an execution ended; stored until its results are published. */
export const Ended = z.object({ startedAt: z.number(), exitCode: z.int(), output: RunOutput });
export type Ended = z.infer<typeof Ended>;

const base = {
  executionId: z.string(),
  /** The job of the execution, which a confirmation needs. Absent only when the entry could not be read. */
  job: z.object({ jobId: z.string(), namespace: z.string() }).optional(),
  /** What the execution has on this node: a restarted node gives it to no other one. */
  runtime: ExecutionRuntime.optional(),
  /** The last start of the task, for its output. Absent before the first, and when it is over. */
  generation: z.number().optional(),
  /** The last report of the execution; its number is never reused. */
  report: Report.optional(),
};

/**
 * What a node knows of one execution, written before it acts on it. No entry: nothing has been done that counts.
 * `preparing`: a report was sent, and nothing else has been done. `starting`: a start was about to be attempted, and its result is unknown. `running`: the workload was started. `exited`:
 * it has ended, and its results may not be published. `settled`: the node is done with it, and `report` is its last
 * report.
 */
export const JournalEntry = z.discriminatedUnion("phase", [
  z.object({ phase: z.literal("preparing"), ...base }),
  z.object({ phase: z.literal("starting"), ...base }),
  z.object({ phase: z.literal("running"), ...base, startedAt: z.number() }),
  z.object({ phase: z.literal("exited"), ...base, ended: Ended }),
  z.object({ phase: z.literal("settled"), ...base, report: Report }),
]);
export type JournalEntry = z.infer<typeof JournalEntry>;

/**
 * The node's memory across restarts. Every method throws Fault DATA_DIR_FAILED when the journal cannot be written,
 * NODE_DISK_FULL when the disk is full.
 */
export interface Journal {
  /** Every entry; called once at the start. */
  load(): Promise<readonly JournalEntry[]>;
  /**
   * Resolves once the entry survives a kill of this process; it replaces the previous entry. Writes of one execution
   * keep their order.
   */
  write(entry: JournalEntry): Promise<void>;
  /** Deletes the entry of an execution. The next start repairs a deletion that was lost with the process. */
  forget(executionId: string): void;
  /** Writes what is pending and closes the file. */
  close(): Promise<void>;
}
