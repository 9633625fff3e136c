import { JobEntity, JobSpec, toWire } from "@shoal/proto";
import { expect, it } from "vitest";
import { ApiError } from "./api-error.ts";
import { createClient } from "./client.ts";
import { isOver } from "./wait-for-job.ts";

const jobOf = (stateType: JobEntity["state"]["stateType"], over: Partial<JobEntity> = {}): JobEntity => ({
  id: "j-1",
  ...JobSpec.parse({ type: "batch", tasks: [{ engine: { type: "noop" } }] }),
  state: { stateType, message: "", details: {} },
  ...{ version: 1, revision: 2, createTime: 0, modifyTime: 0 },
  ...over,
});

/** An event of the feed; `JobUpdated 2` begins version 2. */
const sseOf = (seq: number, text: string): string => {
  const [type, version] = text.split(" ");
  const envelope = { specversion: "1.0", source: "/r", subject: "jobs/default/j-1", time: "2026-01-01T00:00:00Z" };
  const event = {
    ...envelope,
    id: `${seq}.0`,
    type: `shoal.${type}`,
    data: version === undefined ? {} : { Version: Number(version) },
  };
  return `id: ${seq}.0\ndata: ${JSON.stringify(event)}\n\n`;
};

/** A client of a requester with one job, whose feed has these events and stays open. Events before `after` are not delivered. */
function clientOf(state: JobEntity["state"]["stateType"], types: readonly string[], job = () => jobOf(state)) {
  const asked: string[] = [];
  const client = createClient({
    endpoints: "http://a:1",
    fetch: async (text, { signal }) => {
      const url = new URL(text);
      asked.push(`${url.pathname.split("/").slice(4).join("/")}${url.search}`);
      if (!url.pathname.endsWith("/events")) return Response.json({ Job: toWire(JobEntity, job()) });
      const after = Number(url.searchParams.get("after") ?? types.length);
      const events = types.map((type, index) => sseOf(index + 1, type)).slice(after);
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          if (events.length > 0) controller.enqueue(new TextEncoder().encode(events.join("")));
          signal?.addEventListener("abort", () => controller.error(signal.reason));
        },
      });
      return new Response(body);
    },
  });
  return { client, asked };
}

it.each([
  ["completed", "JobCompleted"],
  ["failed", "JobFailed"],
  ["stopped", "JobStopped"],
] as const)("resolves with a job that had %s before it is waited for", async (state, ending) => {
  const { client, asked } = clientOf(state, ["JobSubmitted", "JobStarted", "ExecutionCompleted", ending]);
  const seen: string[] = [];
  const job = await client.waitForJob("name", { namespace: "ns", onEvent: ({ type }) => seen.push(type) });
  expect(job.state.stateType).toBe(state);
  expect(seen).toEqual(["JobSubmitted", "JobStarted", "ExecutionCompleted", ending]);
  // By id: another job may take the name later.
  expect(asked).toEqual(["jobs/name?namespace=ns", "events?job_id=j-1&after=0", "jobs/j-1?namespace=ns"]);
});

it("shows and waits for the current version alone", async () => {
  const before = ["JobSubmitted", "JobStarted", "JobFailed"];
  const current = ["JobUpdated 2", "JobStarted", "JobCompleted"];
  const { client, asked } = clientOf("completed", [...before, ...current], () => jobOf("completed", { version: 2 }));
  const seen: string[] = [];
  await client.waitForJob("j-1", { onEvent: ({ type }) => seen.push(type) });
  expect(seen).toEqual(["JobUpdated", "JobStarted", "JobCompleted"]);
  expect(asked.filter((path) => path === "jobs/j-1")).toHaveLength(2);
});

it("waits until a job runs, and until the rollout of its version is over", async () => {
  const states = ["rolling", "rolling", ""].map((Rollout) =>
    jobOf("running", { version: 2, state: { stateType: "running", message: "", details: { Rollout } } }),
  );
  const seen: string[] = [];
  const { client } = clientOf("running", ["JobUpdated 2", "JobStarted", "ExecutionStarted", "JobRolledOut"], () => {
    return states.shift() ?? expect.unreachable("the job is read at its start, and after each step");
  });
  const job = await client.waitForJob("j-1", { until: "running", onEvent: ({ type }) => seen.push(type) });
  expect(job.state.details).toEqual({ Rollout: "" });
  expect(seen.at(-1)).toBe("JobRolledOut");
});

it("does not resolve when only an execution has ended", async () => {
  const { client } = clientOf("running", ["JobSubmitted", "JobStarted", "ExecutionCompleted", "ExecutionFailed"]);
  const stop = new AbortController();
  let left = 4;
  const waiting = client.waitForJob("j-1", {
    signal: stop.signal,
    onEvent: () => {
      left -= 1;
      if (left === 0) stop.abort();
    },
  });
  const failure: unknown = await waiting.catch((caught: unknown) => caught);
  expect(failure).toBeInstanceOf(ApiError);
  expect(failure).toMatchObject({ code: "ConflictJobState", message: expect.stringContaining("j-1") });
  expect(left).toBe(0);
});

it.each([
  ["pending", false],
  ["queued", false],
  ["running", false],
  ["completed", true],
  ["failed", true],
  ["stopped", true],
] as const)("reports whether a job that is %s is over", (state, over) => {
  expect(isOver(state)).toBe(over);
});
