import { apiRoutes, ExecutionAssigned, JobStopped } from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ApiBench, apiBench } from "../../testing/api-bench.ts";
import { completed, executionOf, jobIdOf, jobRef, running, steps, submitted } from "../../testing/bench-jobs.ts";
import { answerProblems } from "../../testing/check-answers.ts";

let bench: ApiBench;
beforeEach(async () => {
  bench = await apiBench();
  await bench.api.start();
});
afterEach(async () => {
  await bench.close();
});

const write = (executionId: string, text: string, stream: "stdout" | "stderr" = "stdout") =>
  bench.sea.output.write(executionId, { stream, bytes: Buffer.from(text) });

interface Heard {
  readonly lines: string[];
  readonly errors: string[];
  readonly types: number[];
  readonly code: Promise<number>;
  /** Resolves once so many lines have been heard. */
  has(count: number): Promise<void>;
}

async function listen(id: string, query = ""): Promise<Heard> {
  const socket = new WebSocket(`${bench.api.url().replace("http", "ws")}/api/v1/orchestrator/jobs/${id}/logs?${query}`);
  const heard = { lines: [] as string[], errors: [] as string[], types: [] as number[] };
  const waiting: { readonly count: number; readonly done: () => void }[] = [];
  socket.addEventListener("message", ({ data }) => {
    const { value, error } = JSON.parse(String(data));
    expect(answerProblems(apiRoutes.jobLogs.answer, JSON.parse(String(data)))).toEqual([]);
    if (error !== undefined) heard.errors.push(error);
    else {
      heard.lines.push(value.Line);
      heard.types.push(value.Type);
    }
    for (const { count, done } of waiting) if (heard.lines.length >= count) done();
  });
  const code = new Promise<number>((resolve) => socket.addEventListener("close", (event) => resolve(event.code)));
  await new Promise<void>((resolve) => socket.addEventListener("open", () => resolve()));
  const has = (count: number) =>
    new Promise<void>((done) => {
      if (heard.lines.length >= count) done();
      else waiting.push({ count, done });
    });
  return { ...heard, code, has };
}

describe("a job's output", () => {
  it("is told when the job has ended, of all its executions, in order", async () => {
    const id = await running(bench, jobIdOf(1));
    write(executionOf(id), "one\ntw");
    write(executionOf(id), "o\n");
    write(executionOf(id), "oops", "stderr");
    await bench.tell(jobRef(id), steps.failed(id));
    await bench.tell(jobRef(id), steps.assigned(id, 2));
    await bench.tell(jobRef(id), steps.started(id, 2));
    write(executionOf(id, 2), "again\n");
    await bench.tell(jobRef(id), JobStopped.of({ why: "enough" }));
    const { lines, types, code } = await listen(id);
    expect(await code).toBe(1000);
    expect(lines).toEqual(["one\n", "two\n", "oops", "again\n"]);
    expect(types).toEqual([1, 1, 2, 1]);
  });
  it("is told as it comes, and ends when the execution has ended and all is told", async () => {
    const id = await running(bench, jobIdOf(1));
    write(executionOf(id), "before\n");
    const heard = await listen(id, "follow=true");
    await heard.has(1);
    write(executionOf(id), "after\n");
    await heard.has(2);
    write(executionOf(id), "last");
    await bench.tell(jobRef(id), steps.completed(id), { type: "JobCompleted", v: 1, data: {} });
    expect(await heard.code).toBe(1000);
    expect(heard.lines).toEqual(["before\n", "after\n", "last"]);
  });
  it("goes on with the next execution when one fails", async () => {
    const id = await running(bench, jobIdOf(1));
    const heard = await listen(id, "follow=true");
    write(executionOf(id), "first\n");
    await heard.has(1);
    await bench.tell(jobRef(id), steps.failed(id));
    await bench.tell(jobRef(id), steps.assigned(id, 2));
    await bench.tell(jobRef(id), steps.started(id, 2));
    write(executionOf(id, 2), "second\n");
    await bench.tell(jobRef(id), steps.completed(id, undefined, 2), { type: "JobCompleted", v: 1, data: {} });
    expect(await heard.code).toBe(1000);
    expect(heard.lines).toEqual(["first\n", "second\n"]);
  });
  it("is waited for when nothing runs yet", async () => {
    const id = await submitted(bench, jobIdOf(1));
    const heard = await listen(id, "follow=1");
    await bench.tell(jobRef(id), steps.assigned(id), { type: "JobStarted", v: 1, data: {} });
    await bench.tell(jobRef(id), steps.started(id));
    write(executionOf(id), "now\n");
    await heard.has(1);
    await bench.tell(jobRef(id), steps.completed(id), { type: "JobCompleted", v: 1, data: {} });
    expect(await heard.code).toBe(1000);
    expect(heard.lines).toEqual(["now\n"]);
  });
  it("leaves out what was before, when only the tail is wanted", async () => {
    const id = await running(bench, jobIdOf(1));
    write(executionOf(id), "old\n");
    const all = await listen(id, "follow=true");
    const tail = await listen(id, "follow=true&tail=true");
    await all.has(1);
    // Once the tail's reader has caught up it stands among the listeners of the store.
    await expect.poll(() => bench.sea.output.onWritten.size).toBe(2);
    await bench.pass(10);
    write(executionOf(id), "new\n");
    await tail.has(1);
    await bench.tell(jobRef(id), steps.completed(id), { type: "JobCompleted", v: 1, data: {} });
    expect([await all.code, await tail.code]).toEqual([1000, 1000]);
    expect(all.lines).toEqual(["old\n", "new\n"]);
    expect(tail.lines).toEqual(["new\n"]);
  });
  it("is told of one execution, by the beginning of its id, and ends with it", async () => {
    const id = await running(bench, jobIdOf(1));
    await bench.tell(
      jobRef(id),
      ExecutionAssigned.of({ ...steps.assigned(id).data, executionId: executionOf(id, 1, 1), slot: "1" }),
    );
    write(executionOf(id, 1, 1), "other\n");
    write(executionOf(id), "mine\n");
    const heard = await listen(id, `follow=true&execution_id=${executionOf(id).slice(0, 12)}`);
    await heard.has(1);
    await bench.tell(jobRef(id), steps.completed(id));
    expect(await heard.code).toBe(1000);
    expect(heard.lines).toEqual(["mine\n"]);
  });
  it("lets go of its readers when the client goes or the service stops", async () => {
    const id = await running(bench, jobIdOf(1));
    const heard = await listen(id, "follow=true");
    await expect.poll(() => bench.sea.output.onWritten.size).toBe(1);
    await bench.api.stop();
    expect(await heard.code).toBe(1000);
    await expect.poll(() => bench.sea.output.onWritten.size).toBe(0);
  });
});

describe("what is wrong with a request for output", () => {
  it.each([
    ["no such job", "j-none", "", /job not found/],
    ["a wrong query", jobIdOf(1), "follow=perhaps", /true or false/],
    ["no such execution", jobIdOf(1), "execution_id=e-0", /execution not found: e-0/],
    ["no execution at all", jobIdOf(2), "", /no executions found for job/],
    ["a broken address", "%ff", "", /not escaped/],
  ] as const)("is said on the socket: %s", async (...[, id, query, message]) => {
    await completed(bench, jobIdOf(1));
    await submitted(bench, jobIdOf(2));
    const { errors, code } = await listen(id, query);
    expect(await code).toBe(1011);
    expect(errors).toEqual([expect.stringMatching(message)]);
    expect(errors[0]).toContain("failed to open log stream for job");
  });
  it("elsewhere is not found", async () => {
    const socket = new WebSocket(`${bench.api.url().replace("http", "ws")}/elsewhere`);
    await new Promise<void>((resolve) => socket.addEventListener("error", () => resolve()));
  });
});
