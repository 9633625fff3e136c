import type { QueueSummary } from "@shoal/proto";
import { assert } from "../../fault.ts";
import { type Kinds, kinds } from "../../kinds.ts";
import { type ByBucket, byBucket } from "../../views/buckets.ts";
import { createManualClock, type ManualClock } from "../manual-clock.ts";
import { createPrng, type Prng } from "../prng.ts";
import { type BiddingStore, createBiddingStore, memoryBidClient, memoryBidServer } from "./bidding.ts";
import { type CommandStore, memoryCommandBus } from "./commands.ts";
import { memoryEventLog } from "./event-log.ts";
import { type Faults, noFaults } from "./faults.ts";
import { createLeaseStore, type LeaseStore, memoryLeases } from "./leases.ts";
import { createLogStore, type LogStore } from "./log-store.ts";
import { createOutputStore, memoryLogReader, memoryLogSender, type OutputStore } from "./log-stream.ts";
import { createPositionStore, memoryPositions, type PositionStore } from "./positions.ts";
import { memoryQueueSummaries, type SummaryStore } from "./queue-summaries.ts";
import { createReportStore, memoryReportQueue, memoryReportSender, type ReportStore } from "./report-queue.ts";
import { createSimulatedProcess, type NetworkModel, type SimulatedProcess } from "./simulated-process.ts";
import { type Bucket, createBucket, memoryViewStore } from "./view-store.ts";

// Shorter than any real marker's lifetime: the code under test must not depend on a longer one.
const markerMs = 5_000;

/** The shared parts of a simulation: the servers' side of every port, one clock and one random number generator. */
export interface SimulatedCluster {
  readonly clock: ManualClock;
  readonly prng: Prng;
  readonly log: LogStore;
  readonly views: ByBucket<Bucket>;
  readonly leases: LeaseStore;
  readonly reports: ReportStore;
  readonly positions: PositionStore;
  readonly commands: CommandStore;
  readonly bidClient: BiddingStore;
  readonly summaries: SummaryStore;
  readonly output: OutputStore;
  /** Changes the faults from now on. */
  setFaults(faults: Faults): void;
  /** No process reaches the servers until `at`. */
  cutAll(at: number): void;
  /**
   * The server crashes and comes back without the index of its files: assignments whose removal marker has expired reappear
   * (nats-server issue 8505), and every watch begins again.
   */
  rebuild(): void;
  /** Deletes a bucket with its positions, and creates it again. */
  drop(bucket: string): void;
  /** Starts a simulated process. A restarted process is a new one of the same name. */
  proc(name: string): SimulatedProcess;
  /** Every port of a requester of this id; its log port has these kinds. */
  requester(id: string, known?: Kinds): ReturnType<typeof requesterPorts>;
  /** Every port of a node of this id. */
  node(id: string): ReturnType<typeof nodePorts>;
}

/** Creates a simulation. The same seed and the same calls give the same run. */
export function createSimulatedCluster(
  options: { seed?: number | string; startAt?: number; faults?: Faults; kinds?: Kinds } = {},
): SimulatedCluster {
  const prng = createPrng(options.seed ?? 0);
  const clock = createManualClock(options.startAt, prng.split("ties"));
  const procs = new Set<SimulatedProcess>();
  let faults = options.faults ?? noFaults;
  let [downUntil, started] = [0, 0];
  const network: NetworkModel = {
    clock,
    prng: prng.split("water"),
    faults: () => faults,
    downUntil: () => downUntil,
    skewMs: 0,
  };
  // A machine keeps its clock across restarts of its process.
  const { skewMs } = faults;
  const skewOf = (name: string): number => (skewMs === 0 ? 0 : prng.split(`clock ${name}`).between(-skewMs, skewMs));
  const stores = createStores(clock, options.kinds);
  const proc = (name: string): SimulatedProcess => {
    // A restarted process must draw other numbers: the same ones would give the same ids.
    const own = { prng: network.prng.split(`${name} ${started++}`), skewMs: skewOf(name) };
    const made = createSimulatedProcess({ ...network, ...own }, name);
    procs.add(made);
    made.onKilled(() => procs.delete(made));
    return made;
  };
  const shared: Shared = { ...stores, network };
  return {
    ...stores,
    clock,
    prng,
    setFaults(next) {
      faults = next;
    },
    cutAll(at) {
      downUntil = Math.max(downUntil, at);
      for (const each of procs) each.cutUntil(at);
    },
    rebuild: () => rebuild(stores.views),
    drop(bucket) {
      stores.views[bucket]?.drop();
      stores.positions.drop(bucket);
    },
    proc,
    requester: (id, known = options.kinds ?? kinds) => requesterPorts(proc(id), shared, known),
    node: (id) => nodePorts(proc(id), shared),
  };
}

/** The servers' side of every port, empty. */
function createStores(clock: ManualClock, known: Kinds = kinds) {
  return {
    log: createLogStore(known),
    views: byBucket(known, (bucket) => createBucket(bucket, clock.now)),
    leases: createLeaseStore(clock),
    reports: createReportStore(),
    positions: createPositionStore(),
    commands: new Map(),
    bidClient: createBiddingStore(),
    summaries: new Set<(summary: QueueSummary) => void>(),
    output: createOutputStore(),
  };
}

function rebuild(views: SimulatedCluster["views"]): void {
  // The watches of the other buckets begin again with the connection.
  for (const bucket of Object.values(views)) if (bucket !== views.assignments) bucket.reset();
  views.assignments.revive(markerMs);
}

type StoreName =
  | "log"
  | "views"
  | "leases"
  | "reports"
  | "positions"
  | "commands"
  | "bidClient"
  | "summaries"
  | "output";

interface Shared extends Pick<SimulatedCluster, StoreName> {
  readonly network: NetworkModel;
}

function requesterPorts(proc: SimulatedProcess, shared: Shared, known: Kinds) {
  const { log, views, leases, reports, positions, commands, bidClient, summaries, output, network } = shared;
  return {
    proc,
    clock: proc.clock,
    random: proc.random,
    log: memoryEventLog(proc, log, known),
    views: byBucket(known, (name) => {
      const bucket = views[name];
      assert(bucket !== undefined, `the simulated cluster has no bucket ${name}`);
      return memoryViewStore(proc, bucket, network);
    }),
    leases: memoryLeases(proc, leases),
    reports: memoryReportQueue(proc, reports),
    positions: memoryPositions(proc, positions),
    commands: memoryCommandBus(proc, commands),
    bidClient: memoryBidClient(proc, bidClient),
    summaries: memoryQueueSummaries(proc, summaries),
    logReader: memoryLogReader(proc, output),
  };
}

function nodePorts(proc: SimulatedProcess, { views, reports, bidClient, output, network }: Shared) {
  return {
    proc,
    clock: proc.clock,
    random: proc.random,
    assignments: memoryViewStore(proc, views.assignments, network),
    reports: memoryReportSender(proc, reports, network),
    bidServer: memoryBidServer(proc, bidClient),
    logs: memoryLogSender(proc, output),
  };
}
