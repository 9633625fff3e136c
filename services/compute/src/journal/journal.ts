import { Report, RunOutput } from "@shoal/proto";
import { z } from "zod";

/** How an execution ended, as it is kept until its results are out. */
export const Ended = z.object({ startedAt: z.number(), exitCode: z.int(), output: RunOutput });
export type Ended = z.infer<typeof Ended>;

const base = {
  executionId: z.string(),
  /** The job that it belongs to, by which a requester is asked about it. Only an entry that could not be read has none. */
  job: z.object({ jobId: z.string(), namespace: z.string() }).optional(),
  /** The last report that was made of it: its number is never given to another one. */
  report: Report.optional(),
};

/**
 * What a node knows of one execution, written before it acts on it. No entry: nothing has been done that counts.
 * `starting`: a start was about to be tried, and nobody knows whether it was. `running`: it was started. `exited`: it has
 * ended, its results may not be out. `settled`: the node is done with it, and `report` is its last one.
 */
export const JournalEntry = z.discriminatedUnion("phase", [
  z.object({ phase: z.literal("starting"), ...base }),
  z.object({ phase: z.literal("running"), ...base, startedAt: z.number() }),
  z.object({ phase: z.literal("exited"), ...base, ended: Ended }),
  z.object({ phase: z.literal("settled"), ...base, report: Report }),
]);
export type JournalEntry = z.infer<typeof JournalEntry>;

/** The node's memory across restarts. Every method throws Fault DATA_DIR_FAILED when it cannot be kept, NODE_DISK_FULL when there is no room. */
export interface Journal {
  /** Every entry, read once at the start. */
  load(): Promise<readonly JournalEntry[]>;
  /** Resolves once the entry survives a kill of this process; it replaces what was there. Writes of one execution keep their order. */
  write(entry: JournalEntry): Promise<void>;
  /** Forgets an execution. One that is lost with the process is repaired at the next start. */
  forget(executionId: string): void;
  /** Writes what waits, and lets go of the storage. */
  close(): Promise<void>;
}
