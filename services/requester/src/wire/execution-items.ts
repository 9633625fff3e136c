import { ExecutionEntity, toWire } from "@shoal/proto";
import { writeToken } from "./page-token.ts";

interface Wish {
  readonly limit: number;
  /** 0 means all. */
  readonly version: number;
  readonly order?: "createTime" | "modifyTime";
  readonly reverse?: boolean;
  /** How many the pages before have told. */
  readonly skip?: number;
}

/** A page of a job's executions, on the wire. */
export function executionItems(
  executions: readonly ExecutionEntity[],
  { limit, version, order = "createTime", reverse = false, skip = 0 }: Wish,
) {
  const wanted = executions.filter((each) => version === 0 || each.jobVersion === version);
  const sorted = wanted.toSorted((a, b) => (reverse ? b[order] - a[order] : a[order] - b[order]));
  const beyond = skip + limit;
  return {
    NextToken: beyond < sorted.length ? writeToken(beyond) : "",
    Items: sorted.slice(skip, beyond).map((each) => toWire(ExecutionEntity, each)),
  };
}
