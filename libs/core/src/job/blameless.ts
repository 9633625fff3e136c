import { type ErrorCode, errors } from "@shoal/proto";

const blameless: ReadonlySet<ErrorCode> = new Set([
  "NODE_LOST",
  "NODE_RESTARTED",
  "NO_CAPACITY",
  "START_TIMED_OUT",
  "STOP_TIMED_OUT",
  "STOPPED",
]);

/** Whether a failure of this code does not count against the task: the node caused it. */
export const isBlameless = (code: string): boolean => code in errors && blameless.has(code as ErrorCode);
