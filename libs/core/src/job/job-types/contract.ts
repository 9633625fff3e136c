import { describe, expect, it } from "vitest";
import type { Job } from "../job.ts";
import type { JobType } from "./job-type.ts";

/** What every job type must do, whatever the job; `jobs` are jobs of this type in all the ways they can stand. */
export function jobTypeContract(type: JobType, jobs: () => readonly Job[]): void {
  describe(`${type.name}, as a job type`, () => {
    it("never tries again what is final", () => {
      for (const job of jobs()) {
        for (const execution of job.executions.values()) {
          expect(type.retryAt(job, { execution, final: true, blameless: false, now: 0 })).toBeUndefined();
        }
      }
    });
    it("never sets a retry into the past", () => {
      for (const job of jobs()) {
        for (const execution of job.executions.values()) {
          const at = type.retryAt(job, { execution, final: false, blameless: true, now: 1000 });
          if (at !== undefined) expect(at).toBeGreaterThanOrEqual(1000);
        }
      }
    });
    it("gives the same verdict twice", () => {
      for (const job of jobs()) expect(type.verdict(job)).toEqual(type.verdict(job));
    });
  });
}
