import { describe, expect, it } from "vitest";
import { type Preparation, type PreparedInput, preparationText } from "./preparation.ts";

const input = (changed: Partial<PreparedInput> = {}): PreparedInput => ({
  ...{ target: "/in", source: "s3", state: "ready", sizeBytes: 10, isCached: false, tries: 1 },
  ...changed,
});

describe("the sentence on a preparation", () => {
  it.each<readonly [Preparation, string]>([
    [{ stage: "inputs", inputs: [input()] }, "Inputs ready: /in from s3, 10 bytes"],
    [{ stage: "inputs", inputs: [input({ isCached: true })] }, "Inputs ready: /in from the node's cache, 10 bytes"],
    [
      { stage: "inputs", inputs: [input(), input({ target: "/b", state: "fetching", tries: 2, why: "no space" })] },
      "Downloading inputs, 1 of 2 ready: /in from s3, 10 bytes; /b from s3, try 2 after: no space",
    ],
    [{ stage: "environment", inputs: [input()] }, "Preparing the environment"],
  ])("%j", (preparation, text) => {
    expect(preparationText(preparation)).toBe(text);
  });

  it("names five inputs, and the number of the others", () => {
    expect(preparationText({ stage: "inputs", inputs: Array.from({ length: 7 }, () => input()) })).toMatch(
      /^(?:[^;]+; ){5}and 2 more$/,
    );
  });
});
