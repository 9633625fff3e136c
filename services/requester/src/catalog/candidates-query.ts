import type { SQLInputValue } from "node:sqlite";
import type { JobOrder, JobPlace } from "./catalog.ts";

/** Where a search finds its candidates: all jobs, those of a namespace, or those with one of some terms. */
export type CandidateSource = { readonly namespace: string | undefined } | { readonly terms: readonly string[] };

/** The part of the list that is read. */
export interface CandidateRange {
  readonly order: JobOrder;
  readonly reverse: boolean;
  readonly after?: JobPlace | undefined;
  readonly most: number;
}

interface BoundQuery {
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
}

const columnOf = { createTime: "created", modifyTime: "modified" } as const satisfies Record<JobOrder, string>;

/**
 * Reads candidates in the order of the list, without their jobs. It is answered by an index alone, and never sorts: terms are
 * ranges of one index, which are merged.
 */
export function candidatesQuery(source: CandidateSource, range: CandidateRange): BoundQuery {
  const direction = range.reverse ? "DESC" : "ASC";
  const parts =
    "terms" in source
      ? source.terms.map((term) => part("labels", term, range))
      : [part("jobs", source.namespace, range)];
  return {
    sql: `${parts.map(({ sql }) => sql).join(" UNION ALL ")} ORDER BY at ${direction}, id ${direction} LIMIT ?`,
    values: [...parts.flatMap(({ values }) => values), range.most],
  };
}

function part(table: "jobs" | "labels", equal: string | undefined, range: CandidateRange): BoundQuery {
  const { order, reverse, after } = range;
  const column = columnOf[order];
  const conditions = [
    ...(equal === undefined ? [] : [`${table === "jobs" ? "namespace" : "term"} = ?`]),
    ...(after === undefined ? [] : [`(${column}, id) ${reverse ? "<" : ">"} (?, ?)`]),
  ];
  const where = conditions.length === 0 ? "" : ` WHERE ${conditions.join(" AND ")}`;
  return {
    sql: `SELECT ${column} AS at, id, row FROM ${table}${where}`,
    values: [...(equal === undefined ? [] : [equal]), ...(after === undefined ? [] : [after.at, after.jobId])],
  };
}
