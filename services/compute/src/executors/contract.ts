import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Fault } from "@shoal/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Executor, Exit, Output, Workload } from "./executor.ts";

/** The part of a workload that a harness specifies; the contract adds the rest. `inputs` are added to the contract's inputs. */
export type WorkloadFields = Partial<Pick<Workload, "params" | "env" | "inputs" | "resources" | "network">>;

/** How an executor is asked for each behaviour. A missing function skips its tests. */
export interface WorkloadMakers {
  /** Ends by itself with this exit code. */
  readonly exits?: (exitCode: number) => WorkloadFields;
  /** Writes exactly these texts and exits 0. An executor without stderr ignores the second and sets `silentStderr`. */
  readonly prints?: (stdout: string, stderr: string) => WorkloadFields;
  /** Runs until it is halted. */
  readonly runsForEver?: () => WorkloadFields;
  /** Has valid params, but cannot be started. */
  readonly cannotStart?: () => WorkloadFields;
  /** Writes the file at this path, and exits with a code other than 0 when the write is refused. */
  readonly writes?: (path: string) => WorkloadFields;
  /** Copies the file `from` (inside an input) to `to` (inside an output) and exits 0. */
  readonly copies?: (from: string, to: string) => WorkloadFields;
}

/** The parameters of the contract. */
export interface ExecutorHarness {
  /** Creates the executor under test; called for each test, and a second time for the node's next process. */
  readonly executor: () => Executor;
  readonly makers: WorkloadMakers;
  /** True when workloads outlive the process that started them, so that `attach` finds them. */
  readonly survives?: boolean;
  /** True when the executor has no stderr. */
  readonly silentStderr?: boolean;
  /** Why the whole suite cannot run here; undefined when it can. */
  readonly missing?: string | undefined;
}

const decoder = new TextDecoder();
// 64 MiB and 16 MiB: enough for any program of a contract, and small enough for many in parallel.
const resources = { cpuCores: 1, memoryBytes: 64 * 1024 * 1024, diskBytes: 16 * 1024 * 1024 };
const inputPath = "/given";
const outputPath = "/made";
let serial = 0;

interface ExecutorFixture {
  readonly executor: Executor;
  /** A new executor, as the node's next process would create it. */
  readonly another: () => Executor;
  readonly workload: (fields: WorkloadFields) => PreparedWorkload;
  readonly givenFile: string;
  readonly output: Output;
}
interface PreparedWorkload extends Workload {
  readonly printed: (stream: "stdout" | "stderr") => string;
}

/** The suite that every executor passes; called from a test file beside the executor. */
export function executorContract(name: string, harness: ExecutorHarness): void {
  describe.skipIf(harness.missing !== undefined)(title(name, harness), () => {
    const stage = onStage(harness);
    const { makers } = harness;
    when(makers.exits, (exits) => endsByItself(stage, exits));
    when(makers.prints, (prints) => deliversOutput(stage, prints, harness.silentStderr === true));
    when(makers.runsForEver, (runsForEver) => isEnded(stage, runsForEver, harness.survives === true));
    when(makers.cannotStart, (cannotStart) => refuses(stage, cannotStart));
    when(makers.writes, (writes) => keepsInputs(stage, writes));
    when(makers.copies, (copies) => bringsBack(stage, copies));
  });
}

function title(name: string, harness: ExecutorHarness): string {
  return `${name}, as an executor${harness.missing === undefined ? "" : ` (skipped: ${harness.missing})`}`;
}

function when<T>(maker: T | undefined, clauses: (maker: T) => void): void {
  if (maker !== undefined) clauses(maker);
}

/** Creates folders and executors around each test, and removes them afterwards. */
function onStage(harness: ExecutorHarness): () => Promise<ExecutorFixture> {
  let root = "";
  let executors: Executor[] = [];
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "shoal-executor-"));
    executors = [];
  });
  afterEach(async () => {
    for (const executor of executors) await executor.sweep(new Set());
    for (const executor of executors) await executor.close();
    await rm(root, { recursive: true, force: true });
  });
  const another = () => {
    const executor = harness.executor();
    executors.push(executor);
    return executor;
  };
  return async () => {
    const volume = join(root, "volume");
    const output = { name: "results", path: outputPath, hostPath: join(root, "results") };
    await mkdir(volume);
    await mkdir(output.hostPath);
    const givenFile = join(volume, "given.txt");
    await writeFile(givenFile, "as it was");
    const executor = another();
    const workload = prepare(executor, root, { volume, output });
    return { executor, another, workload, givenFile, output };
  };
}

function prepare(
  executor: Executor,
  root: string,
  on: { volume: string; output: Output },
): (fields: WorkloadFields) => PreparedWorkload {
  return (fields) => {
    const printed = { stdout: "", stderr: "" };
    serial += 1;
    return {
      id: `e-contract-${process.pid}-${serial}`,
      jobId: "j-contract",
      namespace: "default",
      nodeId: "n-contract",
      env: {},
      resources,
      network: "none",
      folder: root,
      outputs: [on.output],
      ...fields,
      params: executor.params.parse(fields.params ?? {}),
      inputs: [{ hostPath: on.volume, target: inputPath, readOnly: true }, ...(fields.inputs ?? [])],
      output: (stream, chunk) => {
        printed[stream] += decoder.decode(chunk);
      },
      printed: (stream) => printed[stream],
    };
  };
}

function endsByItself(stage: () => Promise<ExecutorFixture>, exits: (exitCode: number) => WorkloadFields): void {
  it("is available", async () => {
    const { executor } = await stage();
    expect(await executor.unavailable()).toBeUndefined();
  });
  it.each([0, 3])("reports exit code %i", async (exitCode) => {
    const { executor, workload } = await stage();
    const running = await executor.start(workload(exits(exitCode)));
    expect(await running.exit).toEqual({ exitCode });
  });
  it("can be halted after it has ended, and keeps its exit", async () => {
    const { executor, workload } = await stage();
    const running = await executor.start(workload(exits(3)));
    await running.exit;
    await running.halt(0);
    expect(await running.exit).toEqual({ exitCode: 3 });
  });
  it("runs workloads concurrently", async () => {
    const { executor, workload } = await stage();
    const running = await Promise.all([1, 2, 3].map((exitCode) => executor.start(workload(exits(exitCode)))));
    const ends = await Promise.all(running.map(({ exit }) => exit));
    expect(ends.map(({ exitCode }) => exitCode)).toEqual([1, 2, 3]);
  });
}

function deliversOutput(
  stage: () => Promise<ExecutorFixture>,
  prints: (stdout: string, stderr: string) => WorkloadFields,
  silent: boolean,
): void {
  it("delivers the output before the exit", async () => {
    const { executor, workload } = await stage();
    const recorded = workload(prints("to the world\n", "to the log\n"));
    const running = await executor.start(recorded);
    expect(await running.exit).toEqual({ exitCode: 0 });
    expect(recorded.printed("stdout")).toBe("to the world\n");
    expect(recorded.printed("stderr")).toBe(silent ? "" : "to the log\n");
  });
}

function isEnded(stage: () => Promise<ExecutorFixture>, runsForEver: () => WorkloadFields, survives: boolean): void {
  it("ends when it is halted, reports that, and can be halted twice", async () => {
    const { executor, workload } = await stage();
    const running = await executor.start(workload(runsForEver()));
    await Promise.all([running.halt(0), running.halt(0)]);
    expect((await running.exit).failure?.code).toBe("STOPPED");
    await expect(running.halt(0)).resolves.toBeUndefined();
  });
  it("sweeps only workloads that are not in `keep`", async () => {
    const { executor, workload } = await stage();
    const [retained, dropped] = [workload(runsForEver()), workload(runsForEver())];
    const [retainedRun, droppedRun] = [await executor.start(retained), await executor.start(dropped)];
    await executor.sweep(new Set([retained.id]));
    await droppedRun.exit;
    expect(await stateOf(retainedRun.exit)).toBe("running");
    expect(await executor.attach(dropped)).toBeUndefined();
    await retainedRun.halt(0);
  });
  it("does not find a workload that never started", async () => {
    const { executor, workload } = await stage();
    expect(await executor.attach(workload(runsForEver()))).toBeUndefined();
  });
  it(`${survives ? "lets its workloads run" : "ends its workloads"} when it is closed, and can be closed twice`, async () => {
    const { executor, another, workload } = await stage();
    const recorded = workload(runsForEver());
    const running = await executor.start(recorded);
    await executor.close();
    await executor.close();
    if (!survives) expect(await running.exit).toMatchObject({ failure: { code: expect.any(String) } });
    expect((await another().attach(recorded)) !== undefined).toBe(survives);
  });
  if (!survives) return;
  it("is found by the node's next process", async () => {
    const { executor, another, workload } = await stage();
    const recorded = workload(runsForEver());
    const running = await executor.start(recorded);
    const found = await another().attach(recorded);
    expect(found).toBeDefined();
    await found?.halt(0);
    await Promise.all([running.exit, found?.exit]);
  });
}

function stateOf(exit: Promise<Exit>): Promise<Exit | "running"> {
  return Promise.race([exit, Promise.resolve("running" as const)]);
}

function refuses(stage: () => Promise<ExecutorFixture>, cannotStart: () => WorkloadFields): void {
  it("throws a Fault for a workload that cannot start", async () => {
    const { executor, workload } = await stage();
    await expect(executor.start(workload(cannotStart()))).rejects.toBeInstanceOf(Fault);
  });
}

function keepsInputs(stage: () => Promise<ExecutorFixture>, writes: (path: string) => WorkloadFields): void {
  it.each(["given.txt", "new.txt"])("prevents a write of %s into an input", async (file) => {
    const { executor, workload, givenFile } = await stage();
    const running = await executor.start(workload(writes(`${inputPath}/${file}`)));
    expect((await running.exit).exitCode).not.toBe(0);
    expect(await readFile(givenFile, "utf8")).toBe("as it was");
    await expect(readFile(join(givenFile, "..", "new.txt"))).rejects.toThrow("ENOENT");
  });
}

function bringsBack(stage: () => Promise<ExecutorFixture>, copies: (from: string, to: string) => WorkloadFields): void {
  it("reads its inputs and returns its outputs", async () => {
    const { executor, workload, output } = await stage();
    const running = await executor.start(workload(copies(`${inputPath}/given.txt`, `${outputPath}/taken.txt`)));
    expect(await running.exit).toEqual({ exitCode: 0 });
    expect(await readFile(join(output.hostPath, "taken.txt"), "utf8")).toBe("as it was");
  });
}
