import { type Clock, type Process, registry, silentLogger } from "@shoal/core";
import { createSimulatedCluster, type SimulatedCluster, type SimulatedProcess } from "@shoal/core/testing";
import type { Assignment, Report } from "@shoal/proto";
import type { UnconfirmedExecution } from "../agent/confirmer.ts";
import { createCompute } from "../create-compute.ts";
import type { Executor } from "../executors/executor.ts";
import { noop } from "../executors/noop.ts";
import type { Journal, JournalEntry } from "../journal/journal.ts";
import { memoryJournal } from "../journal/memory-journal.ts";
import type { ComputePorts, NodeSettings } from "../ports.ts";
import type { Publisher } from "../publishers/publisher.ts";
import type { Source } from "../sources/source.ts";
import { type MemoryTree, memoryWorkspace } from "../workspace/memory-workspace.ts";
import type { UnpublishedResults } from "../workspace/unpublished-results.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { testNodeId } from "./assignments.ts";

/** A node of four cores with the default permissions. */
export const testSettings: NodeSettings = {
  nodeId: testNodeId,
  labels: { zone: "a" },
  capacity: { cpuCores: 4, memoryBytes: 2 ** 33, diskBytes: 2 ** 35, gpus: 0 },
  perTask: { cpuCores: 2, memoryBytes: 2 ** 32, diskBytes: 2 ** 35, gpus: 0 },
  slotsMax: 100,
  heartbeatMs: 1_000,
  rejectNetworked: false,
  hostNetwork: false,
  envAllow: ["SEEN_*"],
  version: "v0.0.0",
  address: "",
  inputsMs: 60_000,
  inputBytes: 1_000_000,
  inputsDefaultDiskBytes: 2_000_000,
  publishMs: 60_000,
  outputFileBytes: 10_000,
  outputBytesMax: 20_000,
};

export interface NodeHarnessOptions {
  readonly settings?: Partial<NodeSettings>;
  readonly executors?: (clock: Clock) => readonly Executor[];
  readonly sources?: readonly Source[];
  readonly publishers?: readonly Publisher[];
  readonly env?: Readonly<Record<string, string>>;
  readonly unpublished?: UnpublishedResults;
}

/** One node on memory ports, which can be killed and restarted on its journal. */
export interface NodeHarness {
  readonly sim: SimulatedCluster;
  readonly journal: Map<string, JournalEntry>;
  readonly tree: MemoryTree;
  /** The paths of output files that are open. */
  readonly openFiles: ReadonlySet<string>;
  /** The number of starts of each execution, over all lives of the node. */
  readonly starts: ReadonlyMap<string, number>;
  /** Starts the node's next process; `at` kills it around a write of its journal. */
  boot(at?: KillAt): Promise<Life>;
  /** Writes or renews the assignment, as a requester would. */
  assign(assignment: Assignment): void;
  /** Removes the assignment, at a later position of the log. */
  unassign(assignment: Assignment): void;
  /**
   * The requesters' answer about an execution; by default, whether its assignment is in the bucket. Undefined gives no
   * verdict.
   */
  setVerdict(verdict: (executionId: string) => boolean | undefined): void;
  /** The last report number of the execution in the log, in the requesters' answer; by default none. */
  setRecorded(recordedUpTo: (executionId: string) => number): void;
  /** The node's questions, in order. */
  readonly questions: readonly UnconfirmedExecution[];
  /** The kinds of all received reports of an execution. */
  received(executionId: string): readonly Report["saw"][];
  /** The same, as whole reports. */
  reports(executionId: string): readonly Report[];
}

export interface KillAt {
  /** Of the journal's writes, counted from 1. */
  readonly write: number;
  readonly when: "before" | "after";
}

export interface Life {
  readonly proc: SimulatedProcess;
  /** Number of journal writes in this life. */
  writes(): number;
  kill(): void;
  stop(): Promise<void>;
}

export function createNodeHarness(options: NodeHarnessOptions = {}): NodeHarness {
  const sim = createSimulatedCluster();
  const journal = new Map<string, JournalEntry>();
  const tree: MemoryTree = new Map();
  const openFiles = new Set<string>();
  const starts = new Map<string, number>();
  const settings = { ...testSettings, ...options.settings };
  const questions: UnconfirmedExecution[] = [];
  let verdict = (executionId: string): boolean | undefined =>
    sim.views.assignments.get(`${settings.nodeId}.${executionId}`) !== undefined;
  let recordedUpTo = (_executionId: string): number => 0;
  sim.bidClient.confirmers.push((_nodeId, { executions }, reply) => {
    questions.push(...executions);
    const verdicts = executions.flatMap(({ executionId }) => {
      const holds = verdict(executionId);
      return holds === undefined ? [] : [{ executionId, holds, recordedUpTo: recordedUpTo(executionId) }];
    });
    reply({ verdicts });
  });
  const reports = (executionId: string): readonly Report[] =>
    sim.reports.reports.filter((each) => each.executionId === executionId).map(({ report }) => report);
  const key = ({ executionId }: Assignment) => `${settings.nodeId}.${executionId}`;
  return {
    sim,
    journal,
    tree,
    openFiles,
    starts,
    questions,
    setVerdict(next) {
      verdict = next;
    },
    setRecorded(next) {
      recordedUpTo = next;
    },
    boot: (at) => boot({ options, settings, sim, journal, tree, openFiles, starts }, at),
    assign: (assignment) => sim.views.assignments.write(key(assignment), assignment.seq, assignment),
    unassign: (assignment) => sim.views.assignments.write(key(assignment), assignment.seq + 1, undefined),
    received: (executionId) => reports(executionId).map(({ saw }) => saw),
    reports,
  };
}

interface Stage extends Pick<NodeHarness, "sim" | "journal" | "tree"> {
  readonly options: NodeHarnessOptions;
  readonly settings: NodeSettings;
  readonly openFiles: Set<string>;
  readonly starts: Map<string, number>;
}

// A starting node probes its id for 250 ms; existing executions are confirmed within 200 ms.
const bootMs = 500;

async function boot(stage: Stage, at: KillAt | undefined): Promise<Life> {
  const { sim, options, settings } = stage;
  const node = sim.node(settings.nodeId);
  let writes = 0;
  const count = () => ++writes;
  const journal = mortal(memoryJournal(stage.journal, node.proc.isAlive), node.proc, { at, count });
  const executors = options.executors?.(node.clock) ?? [noop({ clock: node.clock })];
  const ports: ComputePorts = {
    ...node,
    journal,
    workspace: tracked(memoryWorkspace(stage.tree), stage.openFiles),
    executors: registry(
      "executor",
      executors.map((executor) => counted(executor, stage.starts)),
    ),
    sources: registry("source", options.sources ?? []),
    publishers: registry("publisher", options.publishers ?? []),
    env: options.env ?? {},
    unpublished: options.unpublished,
    logger: silentLogger,
  };
  const processes = createCompute(settings, ports);
  const started = startAll(processes);
  await sim.clock.advance(bootMs);
  if (node.proc.isAlive()) await started;
  return {
    proc: node.proc,
    writes: () => writes,
    kill: () => node.proc.kill(),
    stop: async () => {
      const stopped = stopAll(processes);
      await sim.clock.advance(10);
      await stopped;
    },
  };
}

async function startAll(processes: readonly Process[]): Promise<void> {
  for (const process of processes) await process.start();
}

async function stopAll(processes: readonly Process[]): Promise<void> {
  for (const process of processes.toReversed()) await process.stop();
}

/** A journal whose process may die around one of its writes. */
function mortal(
  journal: Journal,
  proc: SimulatedProcess,
  { at, count }: { at: KillAt | undefined; count: () => number },
): Journal {
  return {
    ...journal,
    write: async (entry) => {
      const dies = proc.isAlive() && count() === at?.write;
      if (dies && at?.when === "before") proc.kill();
      await journal.write(entry);
      if (!dies) return;
      proc.kill();
      await new Promise(() => {});
    },
  };
}

const tracked = (workspace: Workspace, openFiles: Set<string>): Workspace => ({
  ...workspace,
  begin(path) {
    const file = workspace.begin(path);
    openFiles.add(path);
    const close = () => {
      openFiles.delete(path);
      file.close();
    };
    return { ...file, close };
  },
});

const counted = (executor: Executor, starts: Map<string, number>): Executor => ({
  ...executor,
  start: (workload, signal) => {
    starts.set(workload.id, (starts.get(workload.id) ?? 0) + 1);
    return executor.start(workload, signal);
  },
});
