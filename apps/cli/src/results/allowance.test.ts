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

describe("what may be unpacked", () => {
  it("is 10 GiB where nobody can be asked, with the flags that allow more", async () => {
    const allowance = allowanceOf({ maxBytes: undefined, yes: false, ask: undefined });
    await allowance.take(askBytes);
    await expect(allowance.take(1)).rejects.toEqual(refusal("--yes"));
  });

  it("is asked for once above 10 GiB, and ends at 100 GiB", async () => {
    const { questions, ask } = asked(true);
    const allowance = allowanceOf({ maxBytes: undefined, yes: false, ask });
    await allowance.take(askBytes);
    expect(questions).toEqual([]);
    await allowance.take(1);
    await allowance.take(mostBytes - askBytes - 1);
    expect(questions).toEqual(["The results are larger than 10 GiB. Go on, up to 100 GiB?"]);
    await expect(allowance.take(1)).rejects.toEqual(refusal("--max-size"));
  });

  it("is refused when the answer is no, also before anything is taken", async () => {
    const allowance = allowanceOf({ maxBytes: undefined, yes: false, ask: asked(false).ask });
    await expect(allowance.expect(askBytes + 1)).rejects.toEqual(refusal("--max-size"));
  });

  it("is 100 GiB with --yes, and what --max-size says, without a question", async () => {
    const { questions, ask } = asked(true);
    const sure = allowanceOf({ maxBytes: undefined, yes: true, ask });
    await sure.take(mostBytes);
    await expect(sure.take(1)).rejects.toEqual(refusal("--max-size"));
    const named = allowanceOf({ maxBytes: 1_000, yes: true, ask });
    await named.take(1_000);
    await expect(named.take(1)).rejects.toEqual(refusal("raise --max-size"));
    expect(questions).toEqual([]);
  });
});
