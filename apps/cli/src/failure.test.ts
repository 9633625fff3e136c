import { ApiError } from "@shoal/client";
import { errors } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { CliError, exitOf, failureInWords, sayFailure } from "./failure.ts";

const api = (status: number, code: string, requestId = "") =>
  new ApiError({ status, code, message: "not now", hint: "a hint", requestId, details: {} });

/** An error of a service that runs in this process. */
const fault = Object.assign(new Error("cut"), { code: "LOG_DAMAGED" });

/** What a failure prints. */
function printed(failure: unknown, colours = false): string {
  const err: string[] = [];
  sayFailure(
    { out: () => expect.unreachable(), err: (text) => void err.push(text), colours, isPerson: false },
    failure,
  );
  return err.join("");
}

describe("the exit code of a failure", () => {
  it.each([
    ["a command line that cannot be parsed", new CliError("BAD_REQUEST", "what"), 2],
    ["a Fault of a service in this process", fault, 8],
    ["a code", "STOPPED", 9],
    ["an unknown code", "OF_A_LATER_RELEASE", 1],
    ["an error with a code of the system", Object.assign(new Error("no"), { code: "ENOENT" }), 1],
    ["an error without a code", new TypeError("x is not a function"), 1],
    ["an object that is no error", { code: "STOPPED" }, 1],
    ["nothing", undefined, 1],
    ["an answer", api(404, "NotFound"), 4],
    ["an answer with an unknown code", api(418, "OfALaterRelease"), 1],
    ["an answer whose code has several rows, with the status of one", api(409, "ConfigurationError"), 5],
    ["an answer whose code has several rows, with the status of another", api(500, "ConfigurationError"), 8],
    ["an answer whose code has several rows, with the status of none", api(418, "BadRequest"), 2],
  ])("of %s is %i", (_, failure, exit) => {
    expect(exitOf(failure)).toBe(exit);
  });
});

describe("a failure is printed", () => {
  it("with the hint of its code, unless it has its own", () => {
    expect(printed(new CliError("BAD_REQUEST", "no file", "name one"))).toBe("Error: no file\nHint:  name one\n");
    expect(printed(new CliError("BAD_REQUEST", "no file", ""))).toBe("Error: no file\n");
    for (const failure of [new CliError("LOG_DAMAGED", "cut"), fault])
      expect(printed(failure)).toBe(`Error: cut\nHint:  ${errors.LOG_DAMAGED.hint}\n`);
  });

  it("with the id of the request when the requester failed", () => {
    expect(printed(api(500, "InternalError", "r-7"))).toBe("Error: not now\nHint:  a hint\nRequest: r-7\n");
    expect(printed(api(500, "InternalError"))).toBe("Error: not now\nHint:  a hint\n");
    expect(printed(api(404, "NotFound", "r-7"))).toBe("Error: not now\nHint:  a hint\n");
  });

  it("with every error that it holds, and any value that was thrown", () => {
    const held = [new Error("one"), new AggregateError([new Error("two"), "three"])];
    expect(printed(new AggregateError(held, "several"))).toBe("Error: one\nError: two\nError: three\n");
    expect(printed(new AggregateError([], "none"))).toBe("Error: none\n");
    expect(printed("enough")).toBe("Error: enough\n");
  });

  it("in colours, without control sequences of the message", () => {
    const text = printed(new CliError("BAD_REQUEST", "a\u001b[2Jb", "c"), true);
    expect(text).toBe("\u001b[31mError:\u001b[39m a [2Jb\n\u001b[32mHint:\u001b[39m  c\n");
  });
});

it("a failure is passed to another process as its code, sentence and hint", () => {
  expect(failureInWords(new CliError("BAD_REQUEST", "no file", "name one"))).toEqual({
    ...{ code: "BAD_REQUEST", why: "no file", hint: "name one" },
  });
  expect(failureInWords(new AggregateError([new Error("one"), "two"]))).toEqual({
    ...{ code: "INTERNAL", why: "one; two", hint: "" },
  });
  expect(new CliError("BAD_REQUEST", "no file").name).toBe("CliError");
});
