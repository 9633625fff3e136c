import { describe, expect, it } from "vitest";
import type { Policy } from "../../policy.ts";
import type { Candidate } from "../candidate.ts";

/** Candidates that a filter lets through, and such as it refuses. */
export interface FilterSamples {
  readonly good: readonly Candidate[];
  readonly bad: readonly Candidate[];
}

/** What every filter must do: `good` candidates pass, `bad` ones are refused with a sentence, and nothing else counts. */
export function filterContract(filter: Policy<Candidate>, samples: FilterSamples): void {
  describe(`${filter.name}, as a filter`, () => {
    it("lets through what fits", () => {
      for (const candidate of samples.good) expect(filter.evaluate(candidate)).toMatchObject({ fit: true });
    });
    it("refuses what does not, and says why", () => {
      for (const candidate of samples.bad) {
        const verdict = filter.evaluate(candidate);
        expect(verdict.fit).toBe(false);
        if (!verdict.fit) expect(verdict.why.length).toBeGreaterThan(10);
      }
    });
    it("judges the same twice", () => {
      for (const candidate of [...samples.good, ...samples.bad])
        expect(filter.evaluate(candidate)).toEqual(filter.evaluate(candidate));
    });
  });
}
