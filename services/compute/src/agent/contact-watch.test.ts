import { createManualClock } from "@shoal/core/testing";
import type { ConfirmRequest } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { assignmentOf } from "../testing/assignments.ts";
import { ContactWatch } from "./contact-watch.ts";

const limited = (executionId: string, stopAfter: number) => {
  const assignment = assignmentOf({ executionId });
  return { ...assignment, task: { ...assignment.task, disconnect: { lostAfter: 0, stopAfter } } };
};

/** A watch whose requesters answer while `isThere`; a question without an answer ends after its limit. */
function harness() {
  const clock = createManualClock(0);
  const here = { isThere: true };
  const stopped: string[] = [];
  const questions: ConfirmRequest[] = [];
  const warnings: object[] = [];
  const watch = new ContactWatch({
    clock,
    bidServer: {
      confirm(request, limitMs) {
        questions.push(request);
        if (here.isThere) return Promise.resolve({ verdicts: [] });
        return new Promise((resolve) => clock.at(clock.now() + limitMs, () => resolve(undefined)));
      },
    },
    logger: { info: () => undefined, warn: (facts) => void warnings.push(facts) },
    stop: (executionId) => void stopped.push(executionId),
  });
  return { clock, here, stopped, questions, warnings, watch };
}

describe("a node without an answer of any requester", () => {
  it("stops each execution at the limit of its task, counted from the last question that was answered", async () => {
    const { clock, here, stopped, watch, warnings } = harness();
    watch.began(limited("e-1", 8));
    watch.began(limited("e-2", 20));
    await clock.advance(10_000);
    here.isThere = false;
    await clock.advance(7_999);
    expect(stopped).toEqual([]);
    await clock.advance(1);
    expect(stopped).toEqual(["e-1"]);
    await clock.advance(12_000);
    expect(stopped).toEqual(["e-1", "e-2"]);
    expect(warnings).toMatchObject([{ executionId: "e-1" }, { executionId: "e-2" }]);
  });
  it("stops nothing when it is back before the limit", async () => {
    const { clock, here, stopped, watch } = harness();
    watch.began(limited("e-1", 8));
    for (let count = 0; count < 3; count++) {
      here.isThere = false;
      await clock.advance(5_000);
      here.isThere = true;
      await clock.advance(5_000);
    }
    expect(stopped).toEqual([]);
  });
  it("stops nothing after its process was suspended: it asks first", async () => {
    const { clock, here, stopped, watch } = harness();
    watch.began(limited("e-1", 8));
    // The question that was in flight is lost.
    await clock.advance(1_999);
    here.isThere = false;
    await clock.advance(1);
    here.isThere = true;
    await clock.advance(6_000);
    expect(stopped).toEqual([]);
  });
  it("asks nothing while no execution has a limit, nor after the last one has ended", async () => {
    const { clock, questions, watch } = harness();
    watch.began(limited("e-1", 0));
    await clock.advance(60_000);
    expect([questions.length, clock.planned()]).toEqual([0, 0]);
    watch.began(limited("e-2", 4));
    await clock.advance(3_000);
    expect(questions.length).toBeGreaterThan(0);
    watch.ended("e-2");
    expect(clock.planned()).toBe(0);
    // Time without questions does not count.
    await clock.advance(3_600_000);
    watch.began(limited("e-3", 4));
    await clock.advance(0);
    expect(clock.planned()).toBe(1);
    watch.close();
    expect(clock.planned()).toBe(0);
  });
});
