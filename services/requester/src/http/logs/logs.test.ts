import { apiRoutes, ExecutionAssigned, JobStopped } from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ApiHarness, apiHarness } from "../../testing/api-harness.ts";
import { answerProblems } from "../../testing/check-answers.ts";
import { completed, executionOf, jobIdOf, jobRef, running, steps, submitted } from "../../testing/sample-jobs.ts";

let harness: ApiHarness;
beforeEach(async () => {
  harness = await apiHarness();
  await harness.api.start();
});
afterEach(async () => {
  await harness.close();
});

const write = (executionId: string, text: string, stream: "stdout" | "stderr" = "stdout") =>
  harness.sim.output.write(executionId, { stream, bytes: Buffer.from(text) });

interface Recorded {
  readonly lines: string[];
  readonly errors: string[];
  readonly types: number[];
  readonly code: Promise<number>;
  /** Resolves once this number of lines has been received. */
  has(count: number): Promise<void>;
}

async function listen(id: string, query = ""): Promise<Recorded> {
  const socket = new WebSocket(
    `${harness.api.url().replace("http", "ws")}/api/v1/orchestrator/jobs/${id}/logs?${query}`,
  );
  const received = { lines: [] as string[], errors: [] as string[], types: [] as number[] };
  const waiting: { readonly count: number; readonly done: () => void }[] = [];
  socket.addEventListener("message", ({ data }) => {
    const { value, error } = JSON.parse(String(data));
    expect(answerProblems(apiRoutes.jobLogs.answer, JSON.parse(String(data)))).toEqual([]);
    if (error !== undefined) received.errors.push(error);
    else {
      received.lines.push(value.Line);
      received.types.push(value.Type);
    }
    for (const { count, done } of waiting) if (received.lines.length >= count) done();
  });
  const code = new Promise<number>((resolve) => socket.addEventListener("close", (event) => resolve(event.code)));
  await new Promise<void>((resolve) => socket.addEventListener("open", () => resolve()));
  const has = (count: number) =>
    new Promise<void>((done) => {
      if (received.lines.length >= count) done();
      else waiting.push({ count, done });
    });
  return { ...received, code, has };
}

describe("a job's output", () => {
  it("is streamed when the job has ended, of all its executions, in order", async () => {
    const id = await running(harness, jobIdOf(1));
    write(executionOf(id), "one\ntw");
    write(executionOf(id), "o\n");
    write(executionOf(id), "oops", "stderr");
    await harness.emit(jobRef(id), steps.failed(id));
    await harness.emit(jobRef(id), steps.assigned(id, 2));
    await harness.emit(jobRef(id), steps.started(id, 2));
    write(executionOf(id, 2), "again\n");
    await harness.emit(jobRef(id), JobStopped.of({ why: "enough" }));
    const { lines, types, code } = await listen(id);
    expect(await code).toBe(1000);
    expect(lines).toEqual(["one\n", "two\n", "oops", "again\n"]);
    expect(types).toEqual([1, 1, 2, 1]);
  });
  it("has a mark where old output is no longer stored", async () => {
    const id = await running(harness, jobIdOf(1));
    harness.sim.output.write(executionOf(id), { stream: "stdout", at: 4_000, bytes: Buffer.from("end\n") });
    await harness.emit(jobRef(id), steps.completed(id));
    const { lines, types } = await listen(id).then(async (each) =>
      (await each.code) === 1000 ? each : expect.unreachable(),
    );
    expect(lines).toEqual(["[shoal: 4000 bytes of stdout are missing here]\n", "end\n"]);
    expect(types).toEqual([2, 1]);
  });
  it("has a mark when none of it is stored, and the execution had some", async () => {
    const id = await running(harness, jobIdOf(1));
    await harness.emit(jobRef(id), steps.completed(id));
    const { lines, code } = await listen(id);
    await code;
    expect(lines).toEqual([expect.stringMatching(/^\[shoal: the output is no longer stored; /)]);
  });
  it("is streamed as it is written, and ends when the execution has ended and all is sent", async () => {
    const id = await running(harness, jobIdOf(1));
    write(executionOf(id), "before\n");
    const received = await listen(id, "follow=true");
    await received.has(1);
    write(executionOf(id), "after\n");
    await received.has(2);
    write(executionOf(id), "last");
    await harness.emit(jobRef(id), steps.completed(id), { type: "JobCompleted", v: 1, data: {} });
    expect(await received.code).toBe(1000);
    expect(received.lines).toEqual(["before\n", "after\n", "last"]);
  });
  it("continues with the next execution when one fails", async () => {
    const id = await running(harness, jobIdOf(1));
    const received = await listen(id, "follow=true");
    write(executionOf(id), "first\n");
    await received.has(1);
    await harness.emit(jobRef(id), steps.failed(id));
    await harness.emit(jobRef(id), steps.assigned(id, 2));
    await harness.emit(jobRef(id), steps.started(id, 2));
    write(executionOf(id, 2), "second\n");
    await harness.emit(jobRef(id), steps.completed(id, undefined, 2), { type: "JobCompleted", v: 1, data: {} });
    expect(await received.code).toBe(1000);
    expect(received.lines).toEqual(["first\n", "second\n"]);
  });
  it("is waited for when nothing runs yet", async () => {
    const id = await submitted(harness, jobIdOf(1));
    const received = await listen(id, "follow=1");
    await harness.emit(jobRef(id), steps.assigned(id), { type: "JobStarted", v: 1, data: {} });
    await harness.emit(jobRef(id), steps.started(id));
    write(executionOf(id), "now\n");
    await received.has(1);
    await harness.emit(jobRef(id), steps.completed(id), { type: "JobCompleted", v: 1, data: {} });
    expect(await received.code).toBe(1000);
    expect(received.lines).toEqual(["now\n"]);
  });
  it("leaves out earlier output when only the tail is requested", async () => {
    const id = await running(harness, jobIdOf(1));
    write(executionOf(id), "old\n");
    const all = await listen(id, "follow=true");
    const tail = await listen(id, "follow=true&tail=true");
    await all.has(1);
    // Once the tail's reader has caught up, it is among the listeners of the store.
    await expect.poll(() => harness.sim.output.onWritten.size).toBe(2);
    await harness.pass(10);
    write(executionOf(id), "new\n");
    await tail.has(1);
    await harness.emit(jobRef(id), steps.completed(id), { type: "JobCompleted", v: 1, data: {} });
    expect([await all.code, await tail.code]).toEqual([1000, 1000]);
    expect(all.lines).toEqual(["old\n", "new\n"]);
    expect(tail.lines).toEqual(["new\n"]);
  });
  it("is streamed for one execution, by a prefix of its id, and ends with it", async () => {
    const id = await running(harness, jobIdOf(1));
    await harness.emit(
      jobRef(id),
      ExecutionAssigned.of({ ...steps.assigned(id).data, executionId: executionOf(id, 1, 1), slot: "1" }),
    );
    write(executionOf(id, 1, 1), "other\n");
    write(executionOf(id), "mine\n");
    const received = await listen(id, `follow=true&execution_id=${executionOf(id).slice(0, 12)}`);
    await received.has(1);
    await harness.emit(jobRef(id), steps.completed(id));
    expect(await received.code).toBe(1000);
    expect(received.lines).toEqual(["mine\n"]);
  });
  it("releases its readers when the client disconnects or the service stops", async () => {
    const id = await running(harness, jobIdOf(1));
    const received = await listen(id, "follow=true");
    await expect.poll(() => harness.sim.output.onWritten.size).toBe(1);
    await harness.api.stop();
    expect(await received.code).toBe(1000);
    await expect.poll(() => harness.sim.output.onWritten.size).toBe(0);
  });
});

describe("an error of a request for output", () => {
  it.each([
    ["no such job", "j-none", "", /job not found/],
    ["a wrong query", jobIdOf(1), "follow=perhaps", /true or false/],
    ["no such execution", jobIdOf(1), "execution_id=e-0", /execution not found: e-0/],
    ["no execution at all", jobIdOf(2), "", /no executions found for job/],
    ["a broken address", "%ff", "", /not a valid URL-encoded/],
  ] as const)("is sent on the socket: %s", async (...[, id, query, message]) => {
    await completed(harness, jobIdOf(1));
    await submitted(harness, jobIdOf(2));
    const { errors, code } = await listen(id, query);
    expect(await code).toBe(1011);
    expect(errors).toEqual([expect.stringMatching(message)]);
    expect(errors[0]).toContain("failed to open log stream for job");
  });
  it("at another path is not found", async () => {
    const socket = new WebSocket(`${harness.api.url().replace("http", "ws")}/elsewhere`);
    await new Promise<void>((resolve) => socket.addEventListener("error", () => resolve()));
  });
});
