import { describe, expect, it } from "vitest";
import type { World } from "../../kind.ts";
import { executionsOf, type Job } from "../job.ts";
import type { EndedExecution, JobType } from "./job-type.ts";

const world: World = { isGone: () => false, nodes: () => [], settled: () => true };
const ends = ["completed", "failed", "lost", "stopped"] as const;

/** The contract of every job type; `jobs` are jobs of this type in every state that they reach. */
export function jobTypeContract(type: JobType, jobs: () => readonly Job[]): void {
  /** Every end of every execution. */
  const allEnds = (final: boolean, now: number): readonly (readonly [Job, EndedExecution])[] =>
    jobs().flatMap((job) =>
      executionsOf(job).flatMap((execution) =>
        ends.map((state) => [job, { execution, state, code: "ENGINE_FAILED", final, now }] as const),
      ),
    );

  describe(`${type.name}, as a job type`, () => {
    it("never retries a final failure", () => {
      for (const [job, end] of allEnds(true, 0))
        if (end.state === "failed") expect(type.placeAgainAt(job, end)).toBeUndefined();
    });
    it("never schedules a retry in the past", () => {
      for (const [job, end] of allEnds(false, 1000))
        expect(type.placeAgainAt(job, end) ?? 1000).toBeGreaterThanOrEqual(1000);
    });
    it("is deterministic", () => {
      for (const job of jobs()) expect(type.verdict(job)).toEqual(type.verdict(job));
    });
    it("knows each of its slots once, by a partition's number or the id of the node that it is pinned to, and no other", () => {
      for (const job of jobs()) {
        const slots = type.slots(job, world);
        expect(new Set(slots.map(({ slot }) => slot)).size).toBe(slots.length);
        for (const slot of slots) expect(type.slotOf(job, slot.slot)).toEqual(slot);
        for (const { slot, pinnedTo } of slots) expect(slot).toBe(pinnedTo ?? `${Number(slot)}`);
        for (const name of ["", "x y"]) expect(type.slotOf(job, name)).toBeUndefined();
      }
    });
    it("has a start limit longer than the preparation limit", () => {
      expect(type.defaults.startWithinMs).toBeGreaterThan(type.defaults.prepareTimeoutMs);
    });
  });
}
