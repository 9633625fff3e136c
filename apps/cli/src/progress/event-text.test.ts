import { executionMachine, jobMachine, nodeMachine, typesWithText } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { eventTextOf, subjectOf } from "./event-text.ts";

const event = (type: string, data: Record<string, unknown>) => ({
  id: "1.0",
  seq: 1,
  index: 0,
  type,
  cloudEvent: {
    specversion: "1.0",
    id: "1.0",
    source: "/requesters/r",
    type: `shoal.${type}`,
    subject: "jobs/default/j-1",
    time: "2026-01-01T00:00:00Z",
    data,
  },
});

describe("the text of an event", () => {
  it("gives the reason why a job waits, with the reason of each node", () => {
    const answers = [
      { NodeID: "node-0", Accepted: false, Why: "needs 8 cores, 2 are free" },
      { NodeID: "node-1", Accepted: true, Score: 7 },
    ];
    expect(eventTextOf(event("JobQueued", { Why: "no node fits", Answers: answers }))).toEqual({
      topic: "Queueing",
      message: "Job queued. no node fits",
      details: { NewState: "Queued", Reason: "no node fits" },
      text: "Job queued. no node fits; node-0 did not bid: needs 8 cores, 2 are free; node-1 bid 7",
      tone: "wait",
      executionId: "",
    });
  });

  it("repeats no reason that the sentence contains", () => {
    const answers = [
      { NodeID: "node-0", Accepted: false, Why: "engine: does not support engine podman" },
      { NodeID: "node-1", Accepted: false, Why: "is draining" },
    ];
    const why = "suitable: 0. 1 of 2 nodes: engine: does not support engine podman";
    expect(eventTextOf(event("JobFailed", { Code: "NO_NODE_FITS", Why: why, Answers: answers })).text).toBe(
      `Error: ${why} (NO_NODE_FITS); node-1 did not bid: is draining`,
    );
  });

  it("reads facts in camelCase too", () => {
    expect(eventTextOf(event("ExecutionFailed", { executionId: "e-1", code: "X", why: "enough" }))).toMatchObject({
      executionId: "e-1",
      text: "Error: enough (X); not retried",
    });
  });

  it("shows the name of an unknown event", () => {
    expect(eventTextOf(event("JobSang", {}))).toMatchObject({ text: "JobSang" });
  });

  it("has a subject", () => {
    expect(subjectOf(event("JobStarted", {}))).toBe("j-1");
  });

  const kinds = [jobMachine, executionMachine, nodeMachine].flatMap(({ rows }) => rows.map(([, kind]) => kind.name));
  it.each(kinds)("exists for %s", (kind) => {
    expect(typesWithText).toContain(kind);
  });
});
