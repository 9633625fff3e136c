import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createWatermark } from "./watermark.ts";

describe("a watermark", () => {
  it("never passes a message in progress, in any order of completion", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(1000), { minLength: 1, maxLength: 40 }),
        fc.infiniteStream(fc.nat()),
        (steps, prng) => {
          const mark = createWatermark(10);
          let seq = 10;
          const open: { readonly seq: number; readonly end: () => void }[] = [];
          for (const step of steps) {
            seq += 1 + (step % 3);
            open.push({ seq, end: mark.begin(seq) });
            if (step % 2 === 0) {
              const at = prng.next().value % open.length;
              open.splice(at, 1)[0]?.end();
            }
            const lowest = Math.min(...open.map((each) => each.seq));
            expect(mark.done()).toBeLessThan(lowest);
          }
          for (const { end } of open) end();
          expect(mark.done()).toBe(seq);
        },
      ),
    );
  });
});
