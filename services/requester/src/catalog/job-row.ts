import type { JobEntity } from "@shoal/proto";
import { z } from "zod";

/** The fields that the catalog reads of a job in a view's entry; the rest is stored unchanged. */
const Indexed = z.object({
  id: z.string(),
  namespace: z.string(),
  labels: z.record(z.string(), z.string()),
  createTime: z.number(),
  modifyTime: z.number(),
});

/** One job in the index: the columns that are searched, and the whole entity. */
export interface JobRow {
  readonly id: string;
  readonly namespace: string;
  readonly seq: number;
  readonly created: number;
  readonly modified: number;
  /** JSON. */
  readonly labels: string;
  /** JSON. */
  readonly entity: string;
}

/** The row of a job up to a position; undefined when the entry is not one of the jobs view. */
export function jobRow(entity: unknown, seq: number): JobRow | undefined {
  const read = Indexed.safeParse(entity);
  if (!read.success) return undefined;
  const { id, namespace, labels, createTime, modifyTime } = read.data;
  return {
    id,
    namespace,
    seq,
    created: createTime,
    modified: modifyTime,
    labels: JSON.stringify(labels),
    entity: JSON.stringify(entity),
  };
}

/** The job of a row that `jobRow` made. */
export const entityOf = (text: string): JobEntity => JSON.parse(text);

/** The labels of a row that `jobRow` made. */
export const labelsOf = (text: string): Readonly<Record<string, string>> => JSON.parse(text);
