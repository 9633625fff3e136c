import { type CommandReply, Fault, type ReceivedReport, silentLogger } from "@shoal/core";
import { createManualClock } from "@shoal/core/testing";
import type { ErrorCode } from "@shoal/proto";
import { expect, it } from "vitest";
import { decideReport } from "./decide-report.ts";

const received: ReceivedReport = {
  nodeId: "n-one",
  jobId: "j-1",
  executionId: "e-1",
  seq: 7,
  report: { at: 1, namespace: "default", number: 1, saw: { kind: "running", startedAt: 1 } },
};
const changed: CommandReply = { ok: true, seq: 8, changed: true };
const refused: CommandReply = { ok: false, rejection: { code: "NOT_YOURS", why: "it is another's" } };

/**
 * An aggregate that returns these answers, one after the other, and a store of parked reports that fails this number of
 * times first.
 */
function harness(answers: readonly (CommandReply | ErrorCode)[], { parkFailures = 0, isExcluded = false } = {}) {
  const clock = createManualClock(0);
  const closed = new AbortController();
  const parked: string[] = [];
  let tries = 0;
  let failures = parkFailures;
  let isDone: boolean | undefined;
  decideReport(
    {
      command: async () => {
        const answer = answers[Math.min(tries++, answers.length - 1)];
        if (typeof answer === "object") return answer;
        throw new Fault(answer ?? "INTERNAL", "it failed");
      },
      reports: {
        park: async (_report, why) => {
          if (failures-- > 0) throw new Fault("LOG_UNREACHABLE", "no answer");
          parked.push(why);
        },
      },
      clock,
      logger: silentLogger,
      isExcluded: () => isExcluded,
      signal: closed.signal,
    },
    received,
  ).then((done) => {
    isDone = done;
  });
  return { clock, closed, parked, tries: () => tries, isDone: () => isDone };
}

it.each([
  ["stored", changed],
  ["refused", refused],
])("a report is done once its result is %s", async (_what, outcome) => {
  const { clock, isDone, parked } = harness([outcome]);
  await clock.settle();
  expect([isDone(), parked]).toEqual([true, []]);
});

it("a report is decided again while the log does not answer, and not done before", async () => {
  const { clock, isDone, tries } = harness(["LOG_UNREACHABLE", "LOG_UNREACHABLE", "LOG_UNREACHABLE", changed]);
  await clock.settle();
  expect([isDone(), tries()]).toEqual([undefined, 1]);
  await clock.advance(10_000);
  expect([isDone(), tries()]).toEqual([true, 4]);
});

it("a report whose shard was lost is left to the next owner", async () => {
  const { clock, isDone, closed } = harness(["LOG_UNREACHABLE"]);
  await clock.advance(5_000);
  closed.abort();
  await clock.advance(5_000);
  expect(isDone()).toBe(false);
});

it.each(["LOG_NEWER", "LOG_DAMAGED"] as const)(
  "a report for a job that cannot be read (%s) is refused: its node repeats it",
  async (code) => {
    const { clock, isDone, parked } = harness([code]);
    await clock.settle();
    expect([isDone(), parked]).toEqual([true, []]);
  },
);

it.each(["LOG_UNSUITABLE", "TOO_LARGE", "INTERNAL"] as const)(
  "a report that fails with %s is parked with its reason, and done once that is stored",
  async (code) => {
    const { clock, isDone, parked } = harness([code], { parkFailures: 2 });
    await clock.settle();
    expect(isDone()).toBe(undefined);
    await clock.advance(5_000);
    expect([isDone(), parked]).toEqual([true, [`${code}: it failed`]]);
  },
);

it("a report of a node that is not approved is refused without a decision", async () => {
  const { clock, isDone, tries, parked } = harness([changed], { isExcluded: true });
  await clock.settle();
  expect([isDone(), tries(), parked]).toEqual([true, 0, []]);
});
