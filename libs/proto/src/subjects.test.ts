import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shardOf } from "./ids.ts";
import { aggregateOf, reporterOf, shardIn, subjectOf, subjects } from "./subjects.ts";

const token = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,20}$/);

describe("subjects", () => {
  it("of aggregates parse back to their aggregates", () => {
    fc.assert(
      fc.property(token, token, (namespace, id) => {
        const job = { kind: "job", namespace, id } as const;
        const node = { kind: "node", namespace: "", id } as const;
        expect(aggregateOf(subjectOf(job))).toEqual(job);
        expect(aggregateOf(subjectOf(node))).toEqual(node);
        expect(subjectOf(job).startsWith(`shoal.evt.${shardOf(id)}.`)).toBe(true);
        expect([shardIn(subjectOf(job)), shardIn(subjectOf(node))]).toEqual([shardOf(id), shardOf(id)]);
      }),
    );
  });
  it("of reports name the node and the execution, under the shard of the job", () => {
    fc.assert(
      fc.property(token, token, token, (nodeId, jobId, executionId) => {
        const subject = subjects.report(nodeId, jobId, executionId);
        expect(reporterOf(subject)).toEqual({ nodeId, jobId, executionId });
        expect(subject.startsWith(subjects.reportsOfShard(shardOf(jobId)).slice(0, -1))).toBe(true);
      }),
    );
  });
  it.each([
    "",
    "shoal",
    "shoal.evt.3.job.a.b.c",
    "other.evt.3.node.a",
    "shoal.evt.3.flow.a.b.c",
    "shoal.evt.3.job",
    "shoal.evt.3",
    "shoal.evt.",
  ])("of other kinds do not parse as an aggregate's: %j", (subject) => {
    expect(aggregateOf(subject)).toBeUndefined();
  });
  it.each(["shoal.rpt.3.n.j", "shoal.rpt.3.n.j.e.x", "shoal.evt.3.n.j.e"])(
    "of other kinds do not parse as a report's: %s",
    (subject) => {
      expect(reporterOf(subject)).toBeUndefined();
    },
  );
});
