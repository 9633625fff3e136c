import { type ExecutionEntity, executionMachine } from "@shoal/proto";
import { writeToken } from "./page-token.ts";

interface ExecutionPageQuery {
  readonly limit: number;
  /** 0 means all. */
  readonly version: number;
  /** Executions of other versions too, while they are live; false when left out. */
  readonly withLive?: boolean;
  readonly order?: "createTime" | "modifyTime";
  readonly reverse?: boolean;
  /** The number of items on the previous pages. */
  readonly skip?: number;
}

/** A page of a job's executions. */
export function executionPage(
  executions: readonly ExecutionEntity[],
  { limit, version, withLive = false, order = "createTime", reverse = false, skip = 0 }: ExecutionPageQuery,
) {
  const matching = executions.filter(
    (each) => version === 0 || each.jobVersion === version || (withLive && isLive(each)),
  );
  const sorted = matching.toSorted((a, b) => (reverse ? b[order] - a[order] : a[order] - b[order]));
  const beyond = skip + limit;
  return { nextToken: beyond < sorted.length ? writeToken(beyond) : "", items: sorted.slice(skip, beyond) };
}

const ended: ReadonlySet<string> = new Set(executionMachine.terminal);

const isLive = ({ computeState }: ExecutionEntity): boolean => !ended.has(computeState.stateType);
