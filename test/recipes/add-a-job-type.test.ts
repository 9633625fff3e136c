import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createJobKind, evolveJob, type Job, type JobCommand, type JobType, type World } from "@shoal/core";
import { afterAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { jobTypeContract } from "../../libs/core/src/job/job-types/contract.ts";
import { registry } from "../../libs/core/src/registry.ts";
import {
  sampleAt,
  sampleInfo,
  sampleJobId,
  sampleOutput,
  sampleReport,
  sampleResources,
  sampleSpec,
} from "../../libs/core/src/testing/samples.ts";

const recipe = readFileSync(new URL("../../docs/recipes/add-a-job-type.md", import.meta.url), "utf8");
const types = new URL("../../libs/core/src/job/job-types/", import.meta.url);
const folder = mkdtempSync(join(tmpdir(), "recipe-"));
afterAll(() => rmSync(folder, { recursive: true }));

const { everywhere } = await typeOfRecipe();
const kind = createJobKind(registry<JobType>("job type", [everywhere]));
const nodes = ["n-one", "n-two"].map((nodeId) => sampleInfo(nodeId));
const world: World = { isGone: () => false, nodes: () => nodes, settled: () => true };
const pauseMs = 10_000;

/** The part in the recipe's text. */
async function typeOfRecipe(): Promise<{ readonly everywhere: JobType }> {
  const code = /```ts\n(.*?)```/s.exec(recipe)?.[1] ?? "";
  const file = join(folder, "everywhere.ts");
  const proto = new URL("../../libs/proto/src/mod.ts", import.meta.url).href;
  writeFileSync(file, code.replaceAll('"./', `"${types.href}`).replaceAll('"@shoal/proto"', `"${proto}"`));
  const module: unknown = await import(/* @vite-ignore */ pathToFileURL(file).href);
  return z.object({ everywhere: z.custom<JobType>((part) => typeof part === "object") }).parse(module);
}

/** A job of the type that takes commands as from its owner. */
function createRun() {
  let job: Job | undefined;
  let now = sampleAt;
  let seq = 0;
  return {
    job: () => job ?? expect.unreachable("no job"),
    pass: (ms: number) => {
      now += ms;
    },
    react: () => kind.react(job ?? expect.unreachable("no job"), world, now),
    give(command: JobCommand): readonly string[] {
      const decision = kind.decide(job, command, now);
      if (!decision.ok) throw new Error(decision.rejection.why);
      seq++;
      for (const event of decision.events)
        job = evolveJob(job, event, { at: now, seq }) ?? expect.unreachable(event.type);
      return decision.events.map(({ type }) => type);
    },
  };
}

const placeOn = (slot: string, nodeId = slot): JobCommand => ({
  name: "Place",
  places: [{ slot, nodeId, askId: "a", resources: sampleResources }],
  answers: [],
});

function submitted() {
  const run = createRun();
  run.give({ name: "Submit", jobId: sampleJobId, spec: { ...sampleSpec(), type: "daemon" } });
  return run;
}

/** Completes the live execution of a slot. */
function complete(run: ReturnType<typeof createRun>, slot: string): readonly string[] {
  const [execution] = [...run.job().live.values()].filter(({ placement }) => placement.slot === slot);
  const { executionId, nodeId } = execution?.placement ?? expect.unreachable(slot);
  const report = sampleReport({ kind: "completed", startedAt: sampleAt, output: sampleOutput }, 1);
  return run.give({ name: "Report", nodeId, executionId, report });
}

describe("the job type of the recipe", () => {
  it("has a slot for every node, and fills it on that node alone", () => {
    const run = submitted();
    expect(run.react().slots).toEqual([
      { slot: "n-one", pinnedTo: "n-one" },
      { slot: "n-two", pinnedTo: "n-two" },
    ]);
    expect(run.give(placeOn("n-one", "n-two"))).toEqual([]);
    expect(run.give(placeOn("n-one"))).toEqual(["ExecutionAssigned", "JobStarted"]);
    expect(run.react().slots).toEqual([{ slot: "n-two", pinnedTo: "n-two" }]);
    expect([...run.job().live.values()][0]?.placement).toMatchObject({ slot: "n-one", isPinned: true, partition: 0 });
  });
  it("places a slot again when its execution has completed, after a pause", () => {
    const run = submitted();
    for (const node of ["n-one", "n-two"]) run.give(placeOn(node));
    expect(complete(run, "n-one")).toEqual(["ExecutionStarted", "ExecutionCompleted"]);
    expect(run.react().slots).toEqual([]);
    expect(run.give(placeOn("n-one"))).toEqual([]);
    run.pass(pauseMs);
    expect(run.react().slots).toEqual([{ slot: "n-one", pinnedTo: "n-one" }]);
    expect(run.give(placeOn("n-one"))).toEqual(["ExecutionAssigned"]);
    expect(run.job().slots.get("n-one")).toMatchObject({ attempts: 2, isLive: true });
  });
  it("runs until it is stopped", () => {
    const run = submitted();
    run.give(placeOn("n-one"));
    expect(run.give({ name: "Stop", why: "enough" })).toEqual(["ExecutionsStopping", "JobStopped"]);
    expect(kind.isSettled(run.job())).toBe(false);
    expect(complete(run, "n-one")).toEqual(["ExecutionStopped"]);
    expect(kind.isSettled(run.job())).toBe(true);
    run.pass(pauseMs);
    expect(run.react()).toEqual({ slots: [], effects: [], commands: [], nextAt: undefined });
  });
});

jobTypeContract(everywhere, () => {
  const run = submitted();
  run.give(placeOn("n-one"));
  return [run.job()];
});
