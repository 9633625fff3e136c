import { Fault } from "@shoal/core";
import type { ErrorCode } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Executor, Work } from "../executors/executor.ts";
import { noop } from "../executors/noop.ts";
import type { Publisher, Results } from "../publishers/publisher.ts";
import type { Source, Wanted } from "../sources/source.ts";
import { assignmentOf } from "../testing/assignments.ts";
import { createNodeBench, type NodeBenchOptions } from "../testing/node-bench.ts";

const engine = { type: "noop" };
const second = 1_000;

/** A source whose fetches do what each test wants; it remembers what it was asked for. */
function source(fetch: (wanted: Wanted, nth: number) => Promise<string>) {
  const asked: Wanted[] = [];
  const part: Source = {
    name: "shelf",
    params: z.strictObject({ Book: z.string().default("Emma") }),
    unavailable: async () => undefined,
    refuses: async () => undefined,
    fetch: async (wanted) => {
      asked.push(wanted);
      return { hostPath: await fetch(wanted, asked.length), readOnly: true, sizeBytes: 1 };
    },
  };
  return { part, asked };
}

/** A publisher whose publishing does what each test wants. */
function publisher(publish: (results: Results, nth: number) => Promise<void>) {
  const asked: Results[] = [];
  const part: Publisher = {
    name: "post",
    params: z.strictObject({}),
    unavailable: async () => undefined,
    publish: async (results) => {
      asked.push(results);
      await publish(results, asked.length);
      return { type: "posted", params: { To: results.executionId } };
    },
    close: async () => {},
  };
  return { part, asked };
}

/** A no-op that remembers its works. */
function watched() {
  const works: Work[] = [];
  const executors: NonNullable<NodeBenchOptions["executors"]> = (clock) => {
    const plain = noop(clock);
    const start: Executor["start"] = (work) => {
      works.push(work);
      return plain.start(work);
    };
    return [{ ...plain, start }];
  };
  return { works, executors };
}

const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(new Fault("STOPPED", "ended early")));
  });
const failing = (code: ErrorCode) => Promise.reject(new Fault(code, "it did not work"));

const withInputs = (count = 1) =>
  assignmentOf({
    task: {
      engine,
      inputSources: Array.from({ length: count }, (_, n) => ({ source: { type: "shelf" }, target: `/in/${n}` })),
    },
  });
const withResults = assignmentOf({
  task: {
    engine: { type: "noop", params: { Stdout: "hi", ExitCode: 3 } },
    publisher: { type: "post" },
    resultPaths: [{ name: "made", path: "/out" }],
  },
});

describe("preparing", () => {
  it("gives the work its inputs, its folders and its environment", async () => {
    const { part, asked } = source(async ({ folder }) => `${folder}/book`);
    const { works, executors } = watched();
    const bench = createNodeBench({ sources: [part], executors, publishers: [publisher(async () => {}).part] });
    await bench.boot();
    const assignment = assignmentOf({
      partition: { index: 2, count: 5 },
      attempt: 3,
      task: {
        engine,
        env: { MINE: "1", HOST: "env:SEEN_IT" },
        inputSources: [{ source: { type: "shelf", params: { book: "Persuasion" } }, target: "/in" }],
        publisher: { type: "post" },
        resultPaths: [{ name: "made", path: "/out" }],
      },
    });
    bench.assign(assignment);
    await bench.sea.clock.advance(20);
    // Not set on this host: refused, with nothing fetched for it kept.
    expect(bench.heard(assignment.executionId)).toMatchObject([{ code: "TASK_INVALID" }]);
    const allowed = createNodeBench({
      sources: [part],
      executors,
      publishers: [publisher(async () => {}).part],
      env: { SEEN_IT: "yes" },
    });
    await allowed.boot();
    allowed.assign(assignment);
    await allowed.sea.clock.advance(20);
    const { executionId, jobId } = assignment;
    const folder = `/workspace/${executionId}`;
    expect(asked.at(-1)).toMatchObject({
      params: { Book: "Persuasion" },
      partition: { index: 2, count: 5 },
      folder: `${folder}/inputs/0`,
    });
    expect(works).toHaveLength(1);
    expect(works[0]).toMatchObject({
      id: executionId,
      inputs: [{ hostPath: `${folder}/inputs/0/book`, target: "/in", readOnly: true }],
      outputs: [{ name: "made", path: "/out", hostPath: `${folder}/results/made` }],
      env: {
        MINE: "1",
        HOST: "yes",
        BACALHAU_EXECUTION_ID: executionId,
        BACALHAU_JOB_ID: jobId,
        BACALHAU_JOB_TYPE: "batch",
        BACALHAU_PARTITION_INDEX: "2",
        BACALHAU_PARTITION_COUNT: "5",
        SHOAL_EXECUTION_ID: executionId,
        SHOAL_JOB_ID: jobId,
        SHOAL_JOB_TYPE: "batch",
        SHOAL_PARTITION_INDEX: "2",
        SHOAL_PARTITION_COUNT: "5",
        SHOAL_ATTEMPT: "3",
        SHOAL_NODE_ID: "n-one",
        SHOAL_SLOT: "2",
      },
    });
  });

  it("tries an input again that may come, three times", async () => {
    const { part, asked } = source((_, nth) => (nth < 3 ? failing("LOG_UNREACHABLE") : Promise.resolve("/book")));
    const bench = createNodeBench({ sources: [part] });
    await bench.boot();
    bench.assign(withInputs());
    await bench.sea.clock.advance(5 * second);
    expect(asked).toHaveLength(3);
    expect(bench.heard(withInputs().executionId).at(-1)).toMatchObject({ kind: "completed" });
  });

  it.each([
    ["LOG_UNREACHABLE", 3, false],
    ["INPUT_UNAVAILABLE", 1, true],
  ] as const)("fails with %s after %i tries", async (code, tries, final) => {
    const { part, asked } = source(() => failing(code));
    const bench = createNodeBench({ sources: [part] });
    await bench.boot();
    bench.assign(withInputs());
    await bench.sea.clock.advance(5 * second);
    expect(asked).toHaveLength(tries);
    expect(bench.heard(withInputs().executionId)).toMatchObject([{ kind: "failed", code, final }]);
    expect(bench.starts.size).toBe(0);
    expect(bench.tree.size).toBe(0);
  });

  it.each([
    ["more than the task's Disk together", { diskBytes: 1_000, each: 600 }],
    ["more than the node's default together when the task asks for no Disk", { diskBytes: 0, each: 800_000 }],
  ])("takes no inputs that have %s", async (_, { diskBytes, each }) => {
    const { part } = source(async ({ room }) => {
      room.take(each);
      return "/book";
    });
    const bench = createNodeBench({ sources: [part] });
    await bench.boot();
    const resources = { ...withInputs(3).resources, diskBytes };
    bench.assign({ ...withInputs(3), resources });
    await bench.sea.clock.advance(50);
    expect(bench.heard(withInputs(3).executionId)).toMatchObject([
      { code: "TOO_LARGE", why: expect.stringContaining("inputs of this task together"), final: true },
    ]);
  });

  it("ends the other inputs with the first that fails", async () => {
    const { part } = source(({ signal }, nth) => (nth === 1 ? untilAborted(signal) : failing("INPUT_UNAVAILABLE")));
    const bench = createNodeBench({ sources: [part] });
    await bench.boot();
    bench.assign(withInputs(2));
    await bench.sea.clock.advance(50);
    expect(bench.heard(withInputs(2).executionId)).toMatchObject([
      { code: "INPUT_UNAVAILABLE", why: "it did not work" },
    ]);
  });

  it("gives up on inputs that take too long", async () => {
    const { part } = source(({ signal }) => untilAborted(signal));
    const bench = createNodeBench({ sources: [part] });
    await bench.boot();
    bench.assign(withInputs());
    await bench.sea.clock.advance(61 * second);
    expect(bench.heard(withInputs().executionId)).toMatchObject([
      { code: "START_TIMED_OUT", final: false, why: "bringing inputs in took longer than 60 s" },
    ]);
  });

  it("breaks off when the assignment goes, and leaves nothing behind", async () => {
    const { part, asked } = source(({ signal }) => untilAborted(signal));
    const bench = createNodeBench({ sources: [part] });
    await bench.boot();
    bench.assign(withInputs());
    await bench.sea.clock.advance(50);
    expect(bench.tree.size).toBeGreaterThan(0);
    bench.unassign(withInputs());
    await bench.sea.clock.advance(50);
    expect(asked[0]?.signal.aborted).toBe(true);
    expect(bench.heard(withInputs().executionId)).toEqual([]);
    expect(bench.tree.size).toBe(0);
  });

  it("begins anew, on a clean folder, after a kill", async () => {
    const { part, asked } = source(({ signal }, nth) => (nth === 1 ? untilAborted(signal) : Promise.resolve("/book")));
    const bench = createNodeBench({ sources: [part] });
    const life = await bench.boot();
    bench.assign(withInputs());
    await bench.sea.clock.advance(50);
    life.kill();
    bench.tree.set(`/workspace/${withInputs().executionId}/inputs/0/half`, "half a book");
    await bench.boot();
    await bench.sea.clock.advance(50);
    expect(asked).toHaveLength(2);
    expect(bench.heard(withInputs().executionId)).toMatchObject([{ kind: "completed" }]);
  });
});

describe("publishing", () => {
  it("hands over what was said, the exit code and a folder for each result, then clears up", async () => {
    let handed: readonly (readonly [string, string | undefined])[] = [];
    const { part } = publisher(async () => {
      handed = [...bench.tree];
    });
    const bench = createNodeBench({ publishers: [part] });
    await bench.boot();
    bench.assign(withResults);
    await bench.sea.clock.advance(20);
    const folder = `/workspace/${withResults.executionId}/results`;
    expect(Object.fromEntries(handed)).toEqual({
      [folder]: undefined,
      [`${folder}/made`]: undefined,
      [`${folder}/stdout`]: "hi",
      [`${folder}/stderr`]: "",
      [`${folder}/exitCode`]: "3",
    });
    expect(bench.heard(withResults.executionId).at(-1)).toMatchObject({
      kind: "completed",
      result: { type: "posted", params: { To: withResults.executionId } },
    });
    expect(bench.tree.size).toBe(0);
  });

  it("says that it publishes, and tries again what may go well", async () => {
    const { part, asked } = publisher((_, nth) => (nth < 3 ? failing("PUBLISH_FAILED") : Promise.resolve()));
    const bench = createNodeBench({ publishers: [part] });
    await bench.boot();
    bench.assign(withResults);
    await bench.sea.clock.advance(5 * second);
    expect(asked).toHaveLength(3);
    expect(bench.heard(withResults.executionId).map(({ kind }) => kind)).toEqual(["publishing", "completed"]);
  });

  it("fails, with what the task said, for another node to try", async () => {
    const { part } = publisher(() => failing("PUBLISH_FAILED"));
    const bench = createNodeBench({ publishers: [part] });
    await bench.boot();
    bench.assign(withResults);
    await bench.sea.clock.advance(5 * second);
    expect(bench.heard(withResults.executionId).at(-1)).toMatchObject({
      kind: "failed",
      code: "PUBLISH_FAILED",
      final: false,
      output: { stdout: "hi", exitCode: 3 },
    });
  });

  it("gives up when it takes too long", async () => {
    const { part } = publisher(({ signal }) => untilAborted(signal));
    const bench = createNodeBench({ publishers: [part] });
    await bench.boot();
    bench.assign(withResults);
    await bench.sea.clock.advance(61 * second);
    expect(bench.heard(withResults.executionId).at(-1)).toMatchObject({
      code: "PUBLISH_TIMED_OUT",
      final: false,
      why: "publishing took longer than 60 s",
    });
  });

  it("goes on after a kill, without running the task again", async () => {
    const { part, asked } = publisher(({ signal }, nth) => (nth === 1 ? untilAborted(signal) : Promise.resolve()));
    const bench = createNodeBench({ publishers: [part] });
    const life = await bench.boot();
    bench.assign(withResults);
    await bench.sea.clock.advance(50);
    expect(asked).toHaveLength(1);
    life.kill();
    await bench.boot();
    await bench.sea.clock.advance(50);
    expect(asked).toHaveLength(2);
    expect(bench.starts.get(withResults.executionId)).toBe(1);
    expect(bench.heard(withResults.executionId).at(-1)).toMatchObject({ kind: "completed", output: { exitCode: 3 } });
  });

  it("breaks off when the assignment goes", async () => {
    const { part, asked } = publisher(({ signal }) => untilAborted(signal));
    const bench = createNodeBench({ publishers: [part] });
    await bench.boot();
    bench.assign(withResults);
    await bench.sea.clock.advance(50);
    bench.unassign(withResults);
    await bench.sea.clock.advance(50);
    expect(asked[0]?.signal.aborted).toBe(true);
    expect(bench.heard(withResults.executionId).map(({ kind }) => kind)).toEqual(["publishing"]);
    expect(bench.tree.size).toBe(0);
    expect(bench.journal.size).toBe(0);
  });
});
