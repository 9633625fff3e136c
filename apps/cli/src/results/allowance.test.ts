import { describe, expect, it } from "vitest";
import { allowanceLimits, allowanceOf } from "./allowance.ts";

const { askBytes, bytes: mostBytes } = allowanceLimits;
const refusal = (hint: string) => expect.objectContaining({ code: "TOO_LARGE", hint: expect.stringContaining(hint) });

function asked(answer: boolean) {
  const questions: string[] = [];
  const ask = async (question: string) => {
    questions.push(question);
    return answer;
  };
  return { questions, ask };
}

describe("the allowance of an unpacking", () => {
  it("is 10 GiB when the process is not interactive, and names the flags that allow more", async () => {
    const allowance = allowanceOf({ maxBytes: undefined, yes: false, ask: undefined });
    await allowance.take(askBytes);
    await expect(allowance.take(1)).rejects.toEqual(refusal("--yes"));
  });

  it("asks once above 10 GiB, and ends at 100 GiB", async () => {
    const { questions, ask } = asked(true);
    const allowance = allowanceOf({ maxBytes: undefined, yes: false, ask });
    await allowance.take(askBytes);
    expect(questions).toEqual([]);
    await allowance.take(1);
    await allowance.take(mostBytes - askBytes - 1);
    expect(questions).toEqual(["The results are larger than 10 GiB. Continue, up to 100 GiB?"]);
    await expect(allowance.take(1)).rejects.toEqual(refusal("--max-size"));
  });

  it("refuses when the answer is no, also before the first byte", async () => {
    const allowance = allowanceOf({ maxBytes: undefined, yes: false, ask: asked(false).ask });
    await expect(allowance.expect(askBytes + 1)).rejects.toEqual(refusal("--max-size"));
  });

  it("is 100 GiB with --yes, and the value of --max-size, without a question", async () => {
    const { questions, ask } = asked(true);
    const sure = allowanceOf({ maxBytes: undefined, yes: true, ask });
    await sure.take(mostBytes);
    await expect(sure.take(1)).rejects.toEqual(refusal("--max-size"));
    const named = allowanceOf({ maxBytes: 1_000, yes: true, ask });
    await named.take(1_000);
    await expect(named.take(1)).rejects.toEqual(refusal("increase --max-size"));
    expect(questions).toEqual([]);
  });
});
