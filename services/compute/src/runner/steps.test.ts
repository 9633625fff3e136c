import { Fault } from "@shoal/core";
import type { ErrorCode } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Executor, Workload } from "../executors/executor.ts";
import { noop } from "../executors/noop.ts";
import type { Publisher, PublishRequest } from "../publishers/publisher.ts";
import type { FetchRequest, Source } from "../sources/source.ts";
import { assignmentOf } from "../testing/assignments.ts";
import { createNodeHarness, type NodeHarness, type NodeHarnessOptions } from "../testing/node-harness.ts";

const engine = { type: "noop" };
const second = 1_000;

/** A source whose fetches run the test's function; it records its requests. */
function source(fetch: (desired: FetchRequest, nth: number) => Promise<string>) {
  const asked: FetchRequest[] = [];
  const part: Source = {
    name: "library",
    params: z.strictObject({ Book: z.string().default("Emma") }),
    unavailable: async () => undefined,
    close: async () => {},
    refuses: async () => undefined,
    fetch: async (desired) => {
      asked.push(desired);
      return { hostPath: await fetch(desired, asked.length), readOnly: true, sizeBytes: 1 };
    },
  };
  return { part, asked };
}

/** A publisher that runs the test's function. */
function publisher(publish: (results: PublishRequest, nth: number) => Promise<void>) {
  const asked: PublishRequest[] = [];
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

/** A no-op that records its workloads. */
function watched() {
  const workloads: Workload[] = [];
  const executors: NonNullable<NodeHarnessOptions["executors"]> = (clock) => {
    const plain = noop({ clock });
    const start: Executor["start"] = (workload) => {
      workloads.push(workload);
      return plain.start(workload);
    };
    return [{ ...plain, start }];
  };
  return { workloads, executors };
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
      inputSources: Array.from({ length: count }, (_, n) => ({ source: { type: "library" }, target: `/in/${n}` })),
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
  it("places a file that has a name inside the input's target", async () => {
    const { part } = source(async ({ folder }) => `${folder}/content`);
    const named: Source = { ...part, fetch: async (desired) => ({ ...(await part.fetch(desired)), name: "a.txt" }) };
    const { workloads, executors } = watched();
    const harness = createNodeHarness({ sources: [named], executors });
    await harness.boot();
    const inputSources = ["/in", "/other/"].map((target) => ({ source: { type: "library" }, target }));
    harness.assign(assignmentOf({ task: { engine, inputSources } }));
    await harness.sim.clock.advance(20);
    expect(workloads[0]?.inputs.map(({ target }) => target)).toEqual(["/in/a.txt", "/other/a.txt"]);
  });

  it("gives the workload its inputs, its folders and its environment", async () => {
    const { part, asked } = source(async ({ folder }) => `${folder}/book`);
    const { workloads, executors } = watched();
    const harness = createNodeHarness({ sources: [part], executors, publishers: [publisher(async () => {}).part] });
    await harness.boot();
    const assignment = assignmentOf({
      partition: { index: 2, count: 5 },
      attempt: 3,
      task: {
        engine,
        env: { MINE: "1", HOST: "env:SEEN_IT" },
        inputSources: [{ source: { type: "library", params: { book: "Persuasion" } }, target: "/in" }],
        publisher: { type: "post" },
        resultPaths: [{ name: "made", path: "/out" }],
      },
    });
    harness.assign(assignment);
    await harness.sim.clock.advance(20);
    // Not set on this host: the input is refused, and nothing that was fetched remains.
    expect(harness.received(assignment.executionId)).toMatchObject([{ code: "TASK_INVALID" }]);
    const allowed = createNodeHarness({
      sources: [part],
      executors,
      publishers: [publisher(async () => {}).part],
      env: { SEEN_IT: "yes" },
    });
    await allowed.boot();
    allowed.assign(assignment);
    await allowed.sim.clock.advance(20);
    const { executionId, jobId } = assignment;
    const folder = `/workspace/${executionId}`;
    expect(asked.at(-1)).toMatchObject({
      params: { Book: "Persuasion" },
      partition: { index: 2, count: 5 },
      folder: `${folder}/inputs/0`,
    });
    expect(workloads).toHaveLength(1);
    expect(workloads[0]).toMatchObject({
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

  it("retries a failed input up to three attempts", async () => {
    const { part, asked } = source((_, nth) => (nth < 3 ? failing("LOG_UNREACHABLE") : Promise.resolve("/book")));
    const harness = createNodeHarness({ sources: [part] });
    await harness.boot();
    harness.assign(withInputs());
    await harness.sim.clock.advance(5 * second);
    expect(asked).toHaveLength(3);
    expect(harness.received(withInputs().executionId).at(-1)).toMatchObject({ kind: "completed" });
  });

  it.each([
    ["LOG_UNREACHABLE", 3, false],
    ["INPUT_UNAVAILABLE", 1, true],
  ] as const)("fails with %s after %i tries", async (code, tries, final) => {
    const { part, asked } = source(() => failing(code));
    const harness = createNodeHarness({ sources: [part] });
    await harness.boot();
    harness.assign(withInputs());
    await harness.sim.clock.advance(5 * second);
    expect(asked).toHaveLength(tries);
    expect(harness.received(withInputs().executionId)).toMatchObject([{ kind: "failed", code, final }]);
    expect(harness.starts.size).toBe(0);
    expect(harness.tree.size).toBe(0);
  });

  it.each([
    ["more than the task's Disk together", { diskBytes: 1_000, each: 600 }],
    ["more than the node's default together when the task asks for no Disk", { diskBytes: 0, each: 800_000 }],
  ])("takes no inputs that have %s", async (_, { diskBytes, each }) => {
    const { part } = source(async ({ room }) => {
      room.take(each);
      return "/book";
    });
    const harness = createNodeHarness({ sources: [part] });
    await harness.boot();
    const resources = { ...withInputs(3).resources, diskBytes };
    harness.assign({ ...withInputs(3), resources });
    await harness.sim.clock.advance(50);
    expect(harness.received(withInputs(3).executionId)).toMatchObject([
      { code: "TOO_LARGE", why: expect.stringContaining("inputs of this task together"), final: true },
    ]);
  });

  it("aborts the other inputs after the first failure", async () => {
    const { part } = source(({ signal }, nth) => (nth === 1 ? untilAborted(signal) : failing("INPUT_UNAVAILABLE")));
    const harness = createNodeHarness({ sources: [part] });
    await harness.boot();
    harness.assign(withInputs(2));
    await harness.sim.clock.advance(50);
    expect(harness.received(withInputs(2).executionId)).toMatchObject([
      { code: "INPUT_UNAVAILABLE", why: "it did not work" },
    ]);
  });

  it("gives up on inputs that take too long", async () => {
    const { part } = source(({ signal }) => untilAborted(signal));
    const harness = createNodeHarness({ sources: [part] });
    await harness.boot();
    harness.assign(withInputs());
    await harness.sim.clock.advance(61 * second);
    expect(harness.received(withInputs().executionId)).toMatchObject([
      { code: "START_TIMED_OUT", final: false, why: "fetching inputs took longer than 60 s" },
    ]);
  });

  it("aborts when the assignment is removed, and leaves nothing behind", async () => {
    const { part, asked } = source(({ signal }) => untilAborted(signal));
    const harness = createNodeHarness({ sources: [part] });
    await harness.boot();
    harness.assign(withInputs());
    await harness.sim.clock.advance(50);
    expect(harness.tree.size).toBeGreaterThan(0);
    harness.unassign(withInputs());
    await harness.sim.clock.advance(50);
    expect(asked[0]?.signal.aborted).toBe(true);
    expect(harness.received(withInputs().executionId)).toEqual([]);
    expect(harness.tree.size).toBe(0);
  });

  it("restarts with an empty folder after a kill", async () => {
    const { part, asked } = source(({ signal }, nth) => (nth === 1 ? untilAborted(signal) : Promise.resolve("/book")));
    const harness = createNodeHarness({ sources: [part] });
    const life = await harness.boot();
    harness.assign(withInputs());
    await harness.sim.clock.advance(50);
    life.kill();
    harness.tree.set(`/workspace/${withInputs().executionId}/inputs/0/half`, "half a book");
    await harness.boot();
    await harness.sim.clock.advance(50);
    expect(asked).toHaveLength(2);
    expect(harness.received(withInputs().executionId)).toMatchObject([{ kind: "completed" }]);
  });
});

describe("the files of a task's output", () => {
  const long = assignmentOf({
    task: { engine: { type: "noop", params: { RunSeconds: 60 } }, publisher: { type: "post" } },
  });

  async function running(executors?: NodeHarnessOptions["executors"]) {
    const { part } = publisher(async () => {});
    const harness = createNodeHarness({ publishers: [part], ...(executors === undefined ? {} : { executors }) });
    await harness.boot();
    harness.assign(long);
    await harness.sim.clock.advance(50);
    return harness;
  }

  it.each([
    ["it ends by itself", (_: NodeHarness) => {}],
    ["it is stopped", (harness: NodeHarness) => harness.assign({ ...long, desired: "stop", seq: 2 })],
    ["its assignment is removed", (harness: NodeHarness) => harness.unassign(long)],
  ])("are open while it runs, and closed when %s", async (_, end) => {
    const harness = await running();
    const folder = `/workspace/${long.executionId}/results`;
    expect([...harness.openFiles]).toEqual([`${folder}/stdout`, `${folder}/stderr`]);
    end(harness);
    await harness.sim.clock.advance(61 * second);
    expect([...harness.openFiles]).toEqual([]);
  });

  it("are closed when it does not start", async () => {
    const harness = await running((clock) => [{ ...noop({ clock: clock }), start: () => failing("ENGINE_FAILED") }]);
    expect(harness.received(long.executionId)).toMatchObject([{ code: "ENGINE_FAILED" }]);
    expect([...harness.openFiles]).toEqual([]);
  });
});

describe("publishing", () => {
  it("passes on the output, the exit code and a folder for each result, then cleans up", async () => {
    let handed: readonly (readonly [string, string | undefined])[] = [];
    const { part } = publisher(async () => {
      handed = [...harness.tree];
    });
    const harness = createNodeHarness({ publishers: [part] });
    await harness.boot();
    harness.assign(withResults);
    await harness.sim.clock.advance(20);
    const folder = `/workspace/${withResults.executionId}/results`;
    // Strictly: a folder is a key without a value.
    expect(Object.fromEntries(handed)).toStrictEqual({
      [folder]: undefined,
      [`${folder}/made`]: undefined,
      [`${folder}/stdout`]: "hi",
      [`${folder}/stderr`]: "",
      [`${folder}/exitCode`]: "3",
    });
    expect(harness.received(withResults.executionId).at(-1)).toMatchObject({
      kind: "completed",
      result: { type: "posted", params: { To: withResults.executionId } },
    });
    expect(harness.tree.size).toBe(0);
  });

  it("reports that it publishes, and retries retryable failures", async () => {
    const { part, asked } = publisher((_, nth) => (nth < 3 ? failing("PUBLISH_FAILED") : Promise.resolve()));
    const harness = createNodeHarness({ publishers: [part] });
    await harness.boot();
    harness.assign(withResults);
    await harness.sim.clock.advance(5 * second);
    expect(asked).toHaveLength(3);
    expect(harness.received(withResults.executionId).map(({ kind }) => kind)).toEqual(["publishing", "completed"]);
  });

  it("fails with the task's output, for another node", async () => {
    const { part, asked } = publisher(() => failing("PUBLISH_FAILED"));
    const harness = createNodeHarness({ publishers: [part], settings: { publishMs: 300 * second } });
    await harness.boot();
    harness.assign(withResults);
    await harness.sim.clock.advance(100 * second);
    expect(asked).toHaveLength(8);
    expect(harness.received(withResults.executionId).at(-1)).toMatchObject({
      kind: "failed",
      code: "PUBLISH_FAILED",
      final: false,
      output: { stdout: "hi", exitCode: 3 },
    });
  });

  it("keeps what could not be published, and names the place", async () => {
    const { part } = publisher(() => failing("TASK_INVALID"));
    const movedFolders: string[] = [];
    const keep = async (executionId: string, folder: string) => {
      movedFolders.push(folder);
      return { path: `/kept/${executionId}`, untilAt: Date.UTC(2026, 10, 23) };
    };
    const unpublished = { name: "unpublished", start: async () => {}, stop: async () => {}, keep };
    const harness = createNodeHarness({ publishers: [part], unpublished });
    await harness.boot();
    harness.assign(withResults);
    await harness.sim.clock.advance(5 * second);
    const { executionId, nodeId } = withResults;
    expect(movedFolders).toEqual([expect.stringContaining(`${executionId}/results`)]);
    const where = `the results are kept on node ${nodeId} in /kept/${executionId} until 2026-11-23T00:00:00.000Z`;
    expect(harness.received(executionId).at(-1)).toMatchObject({
      code: "TASK_INVALID",
      why: expect.stringContaining(where),
    });
  });

  it("gives up when it takes too long", async () => {
    const { part } = publisher(({ signal }) => untilAborted(signal));
    const harness = createNodeHarness({ publishers: [part] });
    await harness.boot();
    harness.assign(withResults);
    await harness.sim.clock.advance(61 * second);
    expect(harness.received(withResults.executionId).at(-1)).toMatchObject({
      code: "PUBLISH_TIMED_OUT",
      final: false,
      why: "publishing took longer than 60 s",
    });
  });

  it("continues after a kill, without a second run of the task", async () => {
    const { part, asked } = publisher(({ signal }, nth) => (nth === 1 ? untilAborted(signal) : Promise.resolve()));
    const harness = createNodeHarness({ publishers: [part] });
    const life = await harness.boot();
    harness.assign(withResults);
    await harness.sim.clock.advance(50);
    expect(asked).toHaveLength(1);
    life.kill();
    await harness.boot();
    await harness.sim.clock.advance(50);
    expect(asked).toHaveLength(2);
    expect(harness.starts.get(withResults.executionId)).toBe(1);
    expect(harness.received(withResults.executionId).at(-1)).toMatchObject({
      kind: "completed",
      output: { exitCode: 3 },
    });
    expect(harness.tree.size).toBe(0);
  });

  it("aborts when the assignment is removed", async () => {
    const { part, asked } = publisher(({ signal }) => untilAborted(signal));
    const harness = createNodeHarness({ publishers: [part] });
    await harness.boot();
    harness.assign(withResults);
    await harness.sim.clock.advance(50);
    harness.unassign(withResults);
    await harness.sim.clock.advance(50);
    expect(asked[0]?.signal.aborted).toBe(true);
    expect(harness.received(withResults.executionId).map(({ kind }) => kind)).toEqual(["publishing"]);
    expect(harness.tree.size).toBe(0);
    expect(harness.journal.size).toBe(0);
  });
});

describe("running", () => {
  it("ends a task that writes more output than the node takes, while it runs", async () => {
    const { workloads, executors } = watched();
    const harness = createNodeHarness({ executors });
    await harness.boot();
    const assignment = assignmentOf({ task: { engine: { type: "noop", params: { RunSeconds: 3_600 } } } });
    harness.assign(assignment);
    await harness.sim.clock.advance(second);
    expect(harness.received(assignment.executionId)).toMatchObject([{ kind: "running" }]);
    // The harness takes 20,000 bytes.
    workloads[0]?.output("stderr", Buffer.alloc(20_001));
    await harness.sim.clock.advance(second);
    expect(harness.received(assignment.executionId).at(-1)).toMatchObject({ kind: "failed", code: "OUTPUT_TOO_LARGE" });
  });

  it("reports the image that the engine has started", async () => {
    const image = "registry.example/tool@sha256:1";
    const harness = createNodeHarness({
      executors: (clock) => {
        const plain = noop({ clock });
        return [{ ...plain, start: async (workload) => ({ ...(await plain.start(workload)), image }) }];
      },
    });
    await harness.boot();
    const assignment = assignmentOf({ task: { engine: { type: "noop", params: { RunSeconds: 2 } } } });
    harness.assign(assignment);
    await harness.sim.clock.advance(5 * second);
    expect(harness.received(assignment.executionId)).toMatchObject([
      { kind: "running", runtime: { image } },
      { kind: "completed", runtime: { image } },
    ]);
  });
});
