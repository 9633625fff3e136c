import type { Ask } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import type { BidPolicy } from "./policy.ts";

/** What a policy is shown: asks that it agrees with, and ones that it refuses. */
export interface Samples {
  readonly good: readonly Ask[];
  /** By what the refusal must speak of. */
  readonly bad: Readonly<Record<string, Ask>>;
}

// Shorter than this is no sentence.
const sentenceCharsMin = 15;

/** The suite that every policy passes. */
export function policyContract(policy: BidPolicy, { good, bad }: Samples): void {
  describe(`${policy.name}, as a bid policy`, () => {
    it("agrees with what fits, and judges the same twice", async () => {
      for (const ask of good) {
        expect(await policy.judge(ask)).toMatchObject({ fit: true });
        expect(await policy.judge(ask)).toEqual(await policy.judge(ask));
      }
    });
    it.each(Object.entries(bad))("refuses and says %s", async (word, ask) => {
      const verdict = await policy.judge(ask);
      expect(verdict).toMatchObject({ fit: false, why: expect.stringContaining(word) });
      if (!verdict.fit) expect(verdict.why.length).toBeGreaterThan(sentenceCharsMin);
    });
  });
}
