import type { Ask } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import type { BidPolicy } from "./policy.ts";

/** Samples for a policy: asks that it accepts, and asks that it refuses. */
export interface PolicySamples {
  readonly good: readonly Ask[];
  /** Each under a text that the refusal must contain. */
  readonly bad: Readonly<Record<string, Ask>>;
}

// A shorter text is not a sentence.
const sentenceCharsMin = 15;

/** The suite that every policy passes. */
export function policyContract(policy: BidPolicy, { good, bad }: PolicySamples): void {
  describe(`${policy.name}, as a bid policy`, () => {
    it("accepts what fits, and returns the same verdict twice", async () => {
      for (const ask of good) {
        expect(await policy.evaluate(ask)).toMatchObject({ fit: true });
        expect(await policy.evaluate(ask)).toEqual(await policy.evaluate(ask));
      }
    });
    it.each(Object.entries(bad))("refuses with a reason that contains %s", async (word, ask) => {
      const verdict = await policy.evaluate(ask);
      expect(verdict).toMatchObject({ fit: false, why: expect.stringContaining(word) });
      if (!verdict.fit) expect(verdict.why.length).toBeGreaterThan(sentenceCharsMin);
    });
  });
}
