import { JobEntity, readBack, toWire } from "@shoal/proto";
import { z } from "zod";
import { termsOf } from "./label-terms.ts";

/** The fields that the catalog reads of a job in a view's entry. */
const Indexed = z.object({
  id: z.string(),
  namespace: z.string(),
  labels: z.record(z.string(), z.string()),
  createTime: z.number(),
  modifyTime: z.number(),
});

/** One job in the index: the columns that are searched, and the whole job. */
export interface JobRow {
  readonly id: string;
  readonly namespace: string;
  readonly seq: number;
  readonly created: number;
  readonly modified: number;
  /** JSON. */
  readonly labels: string;
  /** The entity as JSON in the API's form: a list copies it. */
  readonly wire: string;
  /** What its labels are found by; not a column. */
  readonly terms: readonly string[];
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
    // Shoal's own view entry: its form was checked when it was rendered.
    wire: JSON.stringify(toWire(JobEntity, entity as JobEntity)),
    terms: termsOf(labels),
  };
}

/** The job of a row that `jobRow` made. */
export const entityOf = (wire: string): JobEntity => readBack(JobEntity, JSON.parse(wire));
