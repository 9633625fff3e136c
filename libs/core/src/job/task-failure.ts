import { type ErrorCode, errors } from "@shoal/proto";

const notCounted: ReadonlySet<ErrorCode> = new Set([
  "NODE_LOST",
  "NODE_RESTARTED",
  "NO_CAPACITY",
  "START_TIMED_OUT",
  "STOP_TIMED_OUT",
  "STOPPED",
]);

/** Whether a failure of this code counts against the task. The others are caused by a node or an order. */
export const countsAgainstTask = (code: string): boolean => !(code in errors && notCounted.has(code as ErrorCode));
