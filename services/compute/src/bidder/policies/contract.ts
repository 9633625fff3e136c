import type { Ask } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import type { BidPolicy } from "./policy.ts";

/** What a policy is shown: asks that it agrees with, and ones that it refuses. */
export interface PolicySamples {
  readonly good: readonly Ask[];
  /** By what the refusal must speak of. */
  readonly bad: Readonly<Record<string, Ask>>;
}

// Shorter than this is no sentence.
const sentenceCharsMin = 15;

/** The suite that every policy passes. */
export function policyContract(policy: BidPolicy, { good, bad }: PolicySamples): void {
  describe(`${policy.name}, as a bid policy`, () => {
    it("agrees with what fits, and judges the same twice", async () => {
      for (const ask of good) {
        expect(await policy.evaluate(ask)).toMatchObject({ fit: true });
        expect(await policy.evaluate(ask)).toEqual(await policy.evaluate(ask));
      }
    });
    it.each(Object.entries(bad))("refuses and says %s", async (word, ask) => {
      const verdict = await policy.evaluate(ask);
      expect(verdict).toMatchObject({ fit: false, why: expect.stringContaining(word) });
      if (!verdict.fit) expect(verdict.why.length).toBeGreaterThan(sentenceCharsMin);
    });
  });
}
