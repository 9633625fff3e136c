import { Worker } from "node:worker_threads";
import { expect, it } from "vitest";
import { startJudgeThread } from "./judge-thread.ts";

/** A thread that runs this once it is given something to judge. */
const workerThat = (does: string): Worker =>
  new Worker(
    `const { parentPort } = require("node:worker_threads");
     parentPort.on("message", (port) => port.on("message", () => { ${does} }));
     parentPort.postMessage("ready");`,
    { eval: true },
  );

it.each([
  ["ends by itself", "process.exit(3)", /ended by itself, with code 3/],
  ["throws", `throw new Error("no such view")`, /no such view/],
])("refuses a judgement when the thread %s", async (_, does, why) => {
  const worker = workerThat(does);
  const thread = await startJudgeThread(worker);
  const judge = thread.judge();
  await expect(judge.endOfLog()).rejects.toThrow(why);
  await expect(thread.judge().endOfViews()).rejects.toThrow(why);
  await thread.close();
});

it("says what kept the thread from starting", async () => {
  await expect(startJudgeThread(new Worker("throw new Error('no memory')", { eval: true }))).rejects.toThrow(
    "no memory",
  );
  await expect(startJudgeThread(new Worker("process.exit(4)", { eval: true }))).rejects.toThrow(/with code 4/);
});

it("leaves no thread behind when it is closed early", async () => {
  const worker = workerThat("for (;;);");
  const thread = await startJudgeThread(worker);
  const judged = expect(thread.judge().endOfLog()).rejects.toMatchObject({ code: "LOG_UNREACHABLE" });
  await thread.close();
  await judged;
  // What Node calls a thread that is no more.
  expect(worker.threadId).toBe(-1);
});
