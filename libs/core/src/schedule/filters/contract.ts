import { describe, expect, it } from "vitest";
import type { Policy } from "../../policy.ts";
import type { Candidate } from "../candidate.ts";

/** Candidates that a filter accepts, and candidates that it refuses. */
export interface FilterSamples {
  readonly good: readonly Candidate[];
  readonly bad: readonly Candidate[];
}

/** The contract of every filter: `good` candidates pass, `bad` ones are refused with a sentence, and nothing else matters. */
export function filterContract(filter: Policy<Candidate>, samples: FilterSamples): void {
  describe(`${filter.name}, as a filter`, () => {
    it("accepts candidates that fit", () => {
      for (const candidate of samples.good) expect(filter.evaluate(candidate)).toMatchObject({ fit: true });
    });
    it("refuses the others with a reason", () => {
      for (const candidate of samples.bad) {
        const verdict = filter.evaluate(candidate);
        expect(verdict.fit).toBe(false);
        if (!verdict.fit) expect(verdict.why.length).toBeGreaterThan(10);
      }
    });
    it("is deterministic", () => {
      for (const candidate of [...samples.good, ...samples.bad])
        expect(filter.evaluate(candidate)).toEqual(filter.evaluate(candidate));
    });
  });
}
