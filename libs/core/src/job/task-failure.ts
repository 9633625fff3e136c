import type { ErrorCode } from "@shoal/proto";

const notCounted: ReadonlySet<string> = new Set<ErrorCode>([
  "NODE_LOST",
  "NODE_RESTARTED",
  "NO_CAPACITY",
  "START_TIMED_OUT",
  "STOP_TIMED_OUT",
  "STOPPED",
  "SECRETS_UNAVAILABLE",
]);

/** Whether a failure of this code counts against the task. The others are caused by a node or an order. */
export const countsAgainstTask = (code: string): boolean => !notCounted.has(code);
