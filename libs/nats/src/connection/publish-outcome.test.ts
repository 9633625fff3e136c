import { describe, expect, it } from "vitest";
import { outcomeOf, type PublishAnswer } from "./publish-outcome.ts";

const answer = (text: string): PublishAnswer => ({ data: new TextEncoder().encode(text) });
const error = (code: number, errorCode: number) =>
  answer(JSON.stringify({ error: { code, err_code: errorCode, description: "why" }, stream: "S", seq: 0 }));

describe("the answer to a publish", () => {
  it.each([10_071, 10_164, 10_158])("with code %i is a conflict", (code) => {
    expect(outcomeOf(error(400, code)).state).toBe("conflict");
  });
  it.each([
    [500, 0],
    [429, 10_167],
    [503, 10_163],
    // An answer of no version so far.
    [400, 19_999],
    [400, 0],
  ])("with status %i and code %i is unknown", (code, errorCode) => {
    expect(outcomeOf(error(code, errorCode)).state).toBe("unknown");
  });
  it.each([
    [400, 10_002],
    [503, 10_023],
    [503, 10_028],
    [500, 10_047],
    [503, 10_077],
  ])("with status %i and code %i is unknown, because the store is full", (code, errorCode) => {
    expect(outcomeOf(error(code, errorCode))).toMatchObject({ state: "unknown", cause: "full" });
  });
  it.each([
    [400, 10_071, "why (10071)"],
    [503, 10_163, "why (10163)"],
    [500, 0, "why (500)"],
  ])("with status %i and code %i names its code", (code, errorCode, why) => {
    expect(outcomeOf(error(code, errorCode))).toMatchObject({ why });
  });
  it("without a code names its status", () => {
    expect(outcomeOf(answer('{"error":{"code":503,"description":"why"}}'))).toEqual({
      state: "unknown",
      why: "why (503)",
    });
  });
  it("without a body and with another status is unknown", () => {
    const outcome = outcomeOf({ data: new Uint8Array(), headers: { code: 408, status: "408 timeout" } });
    expect(outcome).toMatchObject({ state: "unknown", why: expect.stringContaining("408 timeout") });
  });
  it("without responders counts as not sent", () => {
    expect(outcomeOf({ data: new Uint8Array(), headers: { code: 503, status: "503" } }).state).toBe("unsent");
  });
  it.each([10_003, 10_054, 10_097, 10_165, 10_166, 10_193])(
    "that rejects the message, as code %i does, is refused",
    (code) => {
      expect(outcomeOf(error(400, code))).toMatchObject({ state: "refused", code });
    },
  );
  it.each(['{"stream":"S","seq":7}', '{"stream":"S", "seq":7}', '{"stream":"S","domain":"hub","seq":7}'])(
    "%s is stored",
    (text) => {
      expect(outcomeOf(answer(text))).toEqual({ state: "stored", seq: 7, duplicate: false });
    },
  );
  it("may mark the message as a duplicate", () => {
    expect(outcomeOf(answer('{"stream":"S","seq":7,"duplicate": true}'))).toMatchObject({ duplicate: true });
  });
  it.each(["", "{", "[]", '{"stream":"S"}', '{"seq":"7"}'])("%s is unknown", (text) => {
    expect(outcomeOf(answer(text)).state).toBe("unknown");
  });
});
