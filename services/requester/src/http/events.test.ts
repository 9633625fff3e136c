import { apiRoutes } from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ApiHarness, apiHarness, harnessSpec } from "../testing/api-harness.ts";
import { answerProblems } from "../testing/check-answers.ts";
import { openSocket } from "../testing/raw-request.ts";
import { completed, jobIdOf, submitted } from "../testing/sample-jobs.ts";
import { apiLimits } from "./limits.ts";

const root = "/api/v1/orchestrator";
let harness: ApiHarness;
beforeEach(async () => {
  harness = await apiHarness();
  await harness.api.start();
});
afterEach(async () => {
  await harness.close();
});

/** Opens a feed; `read` resolves with the next event as [id, type, subject]. */
async function open(query: string, headers: Record<string, string> = {}) {
  const leave = new AbortController();
  const response = await fetch(`${harness.api.url()}${root}/events?${query}`, { headers, signal: leave.signal });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader() ?? expect.unreachable();
  let text = "";
  const read = async (): Promise<readonly string[] | undefined> => {
    for (;;) {
      const end = text.indexOf("\n\n");
      if (end >= 0) {
        const [id = "", type = "", data = ""] = text.slice(0, end).split("\n");
        text = text.slice(end + 2);
        const event = JSON.parse(data.slice("data: ".length));
        expect(answerProblems(apiRoutes.events.answer, event)).toEqual([]);
        expect([id, type]).toEqual([`id: ${event.id}`, `event: ${event.type.slice("shoal.".length)}`]);
        return [event.id, event.type.slice("shoal.".length), event.subject];
      }
      const { value, done } = await reader.read().catch(() => ({ value: undefined, done: true }));
      if (done) return undefined;
      text += value;
    }
  };
  return { response, read, leave: () => leave.abort() };
}

describe("the feed of events", () => {
  it("is a stream of server-sent events, from now on", async () => {
    await submitted(harness, jobIdOf(1));
    const feed = await open("");
    expect(feed.response.headers.get("content-type")).toContain("text/event-stream");
    expect(feed.response.headers.get("access-control-allow-origin")).toBeNull();
    await submitted(harness, jobIdOf(2));
    expect((await feed.read())?.[2]).toContain(jobIdOf(2));
  });
  it.each([
    ["after=0", {}],
    ["after=999", { "last-event-id": "0.0" }],
  ])("begins at the position of %s and %j", async (query, headers) => {
    await submitted(harness, jobIdOf(1));
    const feed = await open(query, headers);
    expect((await feed.read())?.[1]).toBe("JobSubmitted");
  });
  it("is narrowed to a namespace, a job and types", async () => {
    await completed(harness, jobIdOf(1));
    await submitted(harness, jobIdOf(2), harnessSpec({ namespace: "other", name: "mine" }));
    const other = await open("after=0&namespace=other");
    expect((await other.read())?.[2]).toContain(jobIdOf(2));
    const types = await open(`after=0&job_id=${jobIdOf(1)}&types=shoal.ExecutionStarted,jobcompleted`);
    expect([(await types.read())?.[1], (await types.read())?.[1]]).toEqual(["ExecutionStarted", "JobCompleted"]);
  });
  it.each([
    ["after=x", 400, /not a position of the feed/],
    [`job_id=${jobIdOf(9)}`, 404, /job not found/],
    ["after=2", 400, /of at most 1, the end of the log, got 2/],
    ["after=999999999", 400, /the end of the log/],
    ["types=NoSuch", 400, /got "nosuch"; known types: .*JobSubmitted/],
    ["types=JobSubmitted,shoal.JobSubmittedX", 400, /got "jobsubmittedx"/],
  ])("refuses %s before it begins", async (query, status, message) => {
    await submitted(harness, jobIdOf(1));
    const response = await fetch(`${harness.api.url()}${root}/events?${query}`);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ Message: expect.stringMatching(message) });
  });
  it("refuses an event's id of a later log, as after a restore, and continues after the last one of this log", async () => {
    await submitted(harness, jobIdOf(1));
    expect((await open("", { "last-event-id": "7.0" })).response.status).toBe(400);
    const feed = await open("", { "last-event-id": "1.0" });
    expect(feed.response.status).toBe(200);
    await submitted(harness, jobIdOf(2));
    expect((await feed.read())?.[2]).toContain(jobIdOf(2));
  });
  it("accepts readers up to its limit, until one leaves", async () => {
    const feeds = await Promise.all(Array.from({ length: apiLimits.feedsMax }, () => open("")));
    expect((await open("")).response.status).toBe(429);
    feeds[0]?.leave();
    await expect.poll(async () => (await open("")).response.status, { timeout: 20_000 }).toBe(200);
    for (const feed of feeds) feed.leave();
  });
  it("releases the slots of readers that are gone before it begins", async () => {
    let asked = 0;
    harness.app.server.on("request", () => {
      asked += 1;
    });
    for (let reader = 1; reader <= apiLimits.feedsMax; reader++) {
      const socket = openSocket(harness.api.url());
      const gone = new Promise((resolve) => socket.once("close", resolve));
      socket.write(`GET ${root}/events HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      while (asked < reader) await new Promise(setImmediate);
      socket.resetAndDestroy();
      await gone;
    }
    await expect.poll(async () => (await open("")).response.status, { timeout: 20_000 }).toBe(200);
  });
  it("ends when the service stops, so that readers reconnect to another requester", async () => {
    const feed = await open("");
    await harness.api.stop();
    expect(await feed.read()).toBeUndefined();
  });
});
