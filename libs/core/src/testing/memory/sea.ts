import { assert } from "../../fault.ts";
import { type Kinds, kinds } from "../../kinds.ts";
import { type ByBucket, byBucket } from "../../views/buckets.ts";
import { createDice, type Dice } from "../dice.ts";
import { createHandClock, type HandClock } from "../hand-clock.ts";
import { type Berth, createBerth, type Water } from "./berth.ts";
import { type CommandStore, memoryCommandBus } from "./commands.ts";
import { memoryEventLog } from "./event-log.ts";
import { calm, type Faults } from "./faults.ts";
import { createLeaseStore, type LeaseStore, memoryLeases } from "./leases.ts";
import { createLogStore, type LogStore } from "./log-store.ts";
import { createOutputStore, memoryLogReader, memoryLogSender, type OutputStore } from "./log-stream.ts";
import { createMarketStore, type MarketStore, memoryMarket, memoryStall } from "./market.ts";
import { createPositionStore, memoryPositions, type PositionStore } from "./positions.ts";
import { createReportStore, memoryReportQueue, memoryReportSender, type ReportStore } from "./report-queue.ts";
import { type Bucket, createBucket, memoryViewStore } from "./view-store.ts";

// As short as a marker may live before it expires: what is built on top must not need it for longer.
const markerMs = 5_000;

/** What all processes share: the servers' side of every port, one clock and one set of dice. */
export interface Sea {
  readonly clock: HandClock;
  readonly dice: Dice;
  readonly log: LogStore;
  readonly views: ByBucket<Bucket>;
  readonly leases: LeaseStore;
  readonly reports: ReportStore;
  readonly positions: PositionStore;
  readonly commands: CommandStore;
  readonly market: MarketStore;
  readonly output: OutputStore;
  /** How the world behaves from now on. */
  setFaults(faults: Faults): void;
  /** No process reaches the servers until `at`. */
  cutAll(at: number): void;
  /**
   * The server dies uncleanly, and comes back without the index of its files: assignments whose removal marker has expired are there
   * again (nats-server issue 8505), and every watch begins again.
   */
  rebuild(): void;
  /** A bucket is deleted, with the positions in it, and made again. */
  drop(bucket: string): void;
  /** A place for one process, from its start to its end. Started again, it gets a new one of the same name. */
  berth(name: string): Berth;
  /** Every port of a requester of this id; it reads the log as one who knows these kinds. */
  requester(id: string, known?: Kinds): ReturnType<typeof requesterPorts>;
  /** Every port of a node of this id. */
  node(id: string): ReturnType<typeof nodePorts>;
}

/** A world of its own. The same seed and the same calls give the same world. */
export function createSea(
  options: { seed?: number | string; startAt?: number; faults?: Faults; kinds?: Kinds } = {},
): Sea {
  const dice = createDice(options.seed ?? 0);
  const clock = createHandClock(options.startAt, dice.split("ties"));
  const berths = new Set<Berth>();
  let faults = options.faults ?? calm;
  let [downUntil, started] = [0, 0];
  const water: Water = {
    clock,
    dice: dice.split("water"),
    faults: () => faults,
    downUntil: () => downUntil,
    skewMs: 0,
  };
  // A machine keeps its clock when its process starts again.
  const { skewMs } = faults;
  const skewOf = (name: string): number => (skewMs === 0 ? 0 : dice.split(`clock ${name}`).between(-skewMs, skewMs));
  const stores = createStores(clock, options.kinds);
  const berth = (name: string): Berth => {
    // A process that starts again must not throw the same dice once more: it would make the same ids.
    const own = { dice: water.dice.split(`${name} ${started++}`), skewMs: skewOf(name) };
    const made = createBerth({ ...water, ...own }, name);
    berths.add(made);
    made.onKilled(() => berths.delete(made));
    return made;
  };
  const shared: Shared = { ...stores, water };
  return {
    ...stores,
    clock,
    dice,
    setFaults(next) {
      faults = next;
    },
    cutAll(at) {
      downUntil = Math.max(downUntil, at);
      for (const each of berths) each.cutUntil(at);
    },
    rebuild: () => rebuild(stores.views),
    drop(bucket) {
      stores.views[bucket]?.drop();
      stores.positions.drop(bucket);
    },
    berth,
    requester: (id, known = options.kinds ?? kinds) => requesterPorts(berth(id), shared, known),
    node: (id) => nodePorts(berth(id), shared),
  };
}

/** The servers' side of every port, empty. */
function createStores(clock: HandClock, known: Kinds = kinds) {
  return {
    log: createLogStore(known),
    views: byBucket(known, (bucket) => createBucket(bucket, clock.now)),
    leases: createLeaseStore(clock),
    reports: createReportStore(),
    positions: createPositionStore(),
    commands: new Map(),
    market: createMarketStore(),
    output: createOutputStore(),
  };
}

function rebuild(views: Sea["views"]): void {
  // The watches of the other buckets begin again with the connection.
  for (const bucket of Object.values(views)) if (bucket !== views.assignments) bucket.reset();
  views.assignments.revive(markerMs);
}

type StoreName = "log" | "views" | "leases" | "reports" | "positions" | "commands" | "market" | "output";

interface Shared extends Pick<Sea, StoreName> {
  readonly water: Water;
}

function requesterPorts(berth: Berth, shared: Shared, known: Kinds) {
  const { log, views, leases, reports, positions, commands, market, output, water } = shared;
  return {
    berth,
    clock: berth.clock,
    random: berth.random,
    log: memoryEventLog(berth, log, known),
    views: byBucket(known, (name) => {
      const bucket = views[name];
      assert(bucket !== undefined, `no server of the sea has the bucket ${name}`);
      return memoryViewStore(berth, bucket, water);
    }),
    leases: memoryLeases(berth, leases),
    reports: memoryReportQueue(berth, reports),
    positions: memoryPositions(berth, positions),
    commands: memoryCommandBus(berth, commands),
    market: memoryMarket(berth, market),
    logReader: memoryLogReader(berth, output),
  };
}

function nodePorts(berth: Berth, { views, reports, market, output, water }: Shared) {
  return {
    berth,
    clock: berth.clock,
    random: berth.random,
    assignments: memoryViewStore(berth, views.assignments, water),
    reports: memoryReportSender(berth, reports, water),
    stall: memoryStall(berth, market),
    logs: memoryLogSender(berth, output),
  };
}
