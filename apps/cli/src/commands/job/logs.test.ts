import { afterEach, describe, expect, it, vi } from "vitest";
import { fakeLogSocket } from "../../testing/fake-log-socket.ts";
import { type FakeRequester, fakeRequester } from "../../testing/fake-requester.ts";
import { wireJob } from "../../testing/wire-samples.ts";

const jobs = "/orchestrator/jobs";
const output = [
  [1, "one\n"],
  [2, "a warning\n"],
  [1, "two\n"],
] as const;

let fake: FakeRequester | undefined;
afterEach(async () => {
  vi.unstubAllGlobals();
  await fake?.close();
  fake = undefined;
});

async function requester(answers: Readonly<Record<string, unknown>>): Promise<FakeRequester> {
  fake = await fakeRequester(answers);
  return fake;
}

describe("shoal job logs", () => {
  it("prints both streams of the output to their own stream", async () => {
    const paths = fakeLogSocket(output);
    const { shoal } = await requester({});
    expect(await shoal("job", "logs", "hello")).toEqual({ code: 0, out: "one\ntwo\n", err: "a warning\n" });
    expect(paths).toEqual([`${jobs}/hello/logs?follow=false&tail=false`]);
  });

  it("maps its options to the query, and prints each piece as JSON", async () => {
    const paths = fakeLogSocket(output);
    const { shoal } = await requester({});
    const flags = ["--follow", "--tail", "--execution-id", "e-1", "--namespace", "ns", "--output", "json"];
    const { code, out, err } = await shoal("job", "logs", "hello", ...flags);
    const pieces = out.trimEnd().split("\n");
    expect([code, err, pieces.map((line) => JSON.parse(line))]).toEqual([
      0,
      "",
      [
        { stream: "stdout", text: "one\n" },
        { stream: "stderr", text: "a warning\n" },
        { stream: "stdout", text: "two\n" },
      ],
    ]);
    expect(paths).toEqual([`${jobs}/hello/logs?namespace=ns&execution_id=e-1&follow=true&tail=true`]);
  });

  it("prints one of the streams", async () => {
    fakeLogSocket(output);
    const { shoal } = await requester({});
    expect(await shoal("job", "logs", "hello", "--stdout")).toEqual({ code: 0, out: "one\ntwo\n", err: "" });
    expect(await shoal("job", "logs", "hello", "--stderr")).toEqual({ code: 0, out: "", err: "a warning\n" });
  });

  it("shows why a job without output has failed", async () => {
    fakeLogSocket([]);
    const failed = Object(wireJob("failed"));
    const State = { ...failed.State, Message: "no such image" };
    const { shoal } = await requester({
      [`GET ${jobs}/broken`]: { Job: { ...failed, State } },
      [`GET ${jobs}/quiet`]: { Job: wireJob("completed") },
    });
    const err = "No output: the job has failed. no such image\n";
    expect(await shoal("job", "logs", "broken")).toEqual({ code: 0, out: "", err });
    expect(await shoal("job", "logs", "quiet")).toEqual({ code: 0, out: "", err: "" });
  });

  it("mixes the lines of several executions, each with its execution, unless one is chosen", async () => {
    const [first, second] = ["e-11111111-a", "e-22222222-b"];
    const mixed = [
      [1, "one\n", first],
      [1, "half of ", second],
      [2, "a warning\n", first],
      [1, "a line\n", second],
    ] as const;
    fakeLogSocket(mixed);
    const { shoal } = await requester({ [`GET ${jobs}/hello`]: { Job: { ...Object(wireJob("running")), Count: 2 } } });
    expect(await shoal("job", "logs", "hello")).toEqual({
      ...{ code: 0, out: "e-11111111 | one\ne-22222222 | half of a line\n" },
      err: "e-11111111 | a warning\n",
    });
    expect((await shoal("job", "logs", "hello", "-e", first)).out).toBe("one\nhalf of a line\n");
  });

  it("ends with 7 when the stream is interrupted", async () => {
    fakeLogSocket(output, 1006);
    const { shoal } = await requester({});
    expect(await shoal("job", "logs", "hello")).toMatchObject({ code: 7, out: "one\ntwo\n" });
  });
});
