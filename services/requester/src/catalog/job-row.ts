import type { ViewEntry } from "@shoal/core";
import { type JobEntity, jobMachine, shardOf } from "@shoal/proto";
import { z } from "zod";

/** What the catalog reads of a view's entry; the rest of the job is kept as it stands. */
const Entry = z.object({
  seq: z.number(),
  job: z.looseObject({
    id: z.string(),
    namespace: z.string(),
    name: z.string(),
    labels: z.record(z.string(), z.string()),
    state: z.looseObject({ stateType: z.enum(jobMachine.states) }),
    createTime: z.number(),
    modifyTime: z.number(),
  }),
});

/** One job as the index holds it: the columns that are searched, and the whole. */
export interface JobRow {
  readonly id: string;
  readonly namespace: string;
  readonly seq: number;
  readonly shard: number;
  /** 1 while the job has not ended: SQLite has no truth values. */
  readonly open: 0 | 1;
  readonly created: number;
  readonly modified: number;
  /** JSON. */
  readonly labels: string;
  /** JSON. */
  readonly entity: string;
}

/** The row of an entry; undefined when the entry is none of the jobs view's. */
export function jobRow(entry: ViewEntry): JobRow | undefined {
  const read = Entry.safeParse(entry);
  if (!read.success) return undefined;
  const { seq, job } = read.data;
  return {
    id: job.id,
    namespace: job.namespace,
    seq,
    shard: shardOf(job.id),
    open: jobMachine.terminal.includes(job.state.stateType) ? 0 : 1,
    created: job.createTime,
    modified: job.modifyTime,
    labels: JSON.stringify(job.labels),
    entity: JSON.stringify(job),
  };
}

/** The job of a row that `jobRow` made. */
export const entityOf = (text: string): JobEntity => JSON.parse(text);

/** The labels of a row that `jobRow` made. */
export const labelsOf = (text: string): Readonly<Record<string, string>> => JSON.parse(text);
