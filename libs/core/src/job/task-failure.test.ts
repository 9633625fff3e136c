import { type ErrorCode, errors } from "@shoal/proto";
import { expect, it } from "vitest";
import { countsAgainstTask } from "./task-failure.ts";

// Failures that a node, its capacity or an order causes.
const ofOthers: readonly ErrorCode[] = [
  "NODE_LOST",
  "NODE_RESTARTED",
  "NO_CAPACITY",
  "START_TIMED_OUT",
  "STOP_TIMED_OUT",
  "STOPPED",
  "SECRETS_UNAVAILABLE",
];

it.each(ofOthers)("a failure with the code %s does not count against the task", (code) => {
  expect(countsAgainstTask(code)).toBe(false);
});

it("every other failure counts against the task, also one with a code of an executor", () => {
  const others = Object.keys(errors).filter((code) => !ofOthers.some((each) => each === code));
  for (const code of [...others, "OUT_OF_MEMORY", "toString", ""])
    expect([code, countsAgainstTask(code)]).toEqual([code, true]);
});
