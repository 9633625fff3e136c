import {
  type BidClient,
  decideJob,
  evaluateAll,
  evolveJob,
  filters,
  type Job,
  type JobCommand,
  jobKind,
  liveExecutions,
  requirementsOf,
  type World,
} from "@shoal/core";

import { createManualClock, createPrng, type ManualClock, sampleInfo } from "@shoal/core/testing";
import {
  type AggregateRef,
  type Ask,
  addResources,
  type Bid,
  type JobSpec,
  type NodeInfo,
  type Release,
  type Requirements,
  timesFitting,
} from "@shoal/proto";
import type { BiddingSettings } from "../owner/scheduler/bidding-round.ts";
import type { Quota } from "../owner/scheduler/namespace-quotas.ts";
import type { Preempt } from "../owner/scheduler/place-entry.ts";
import type { Placeable } from "../owner/scheduler/placeable.ts";
import { Scheduler } from "../owner/scheduler/scheduler.ts";

export interface SchedulerHarnessOptions {
  readonly nodes: readonly NodeInfo[];
  readonly auction?: BiddingSettings;
  readonly seed?: number | string;
  readonly quotas?: ReadonlyMap<string, Quota>;
  /** Whether refusals for lack of room carry the room that is left. */
  readonly showsRoom?: boolean;
  /** Whether every node had time to send a heartbeat; they had when left out. */
  readonly settled?: () => boolean;
  /** Called with the orders to end executions. */
  readonly preempt?: Preempt;
  /** Called with each release, whether a node holds room for it or not. */
  readonly onRelease?: (nodeId: string, release: Release) => void;
}

const emptyWorld: World = { isGone: () => false, nodes: () => [], settled: () => true };

/** Nodes that hold room as real ones do, and the scheduler's asks to them. */
export class TestNode {
  info: NodeInfo;
  asks = 0;
  /** Freed room is announced at once. */
  hasRefused = false;
  /** Answers asks; a silent node sends heartbeats only. */
  isSilent = false;
  /** The reason of its permanent refusal of this ask. */
  refuses: (ask: Ask) => string | undefined = () => undefined;
  readonly #showsRoom: boolean;

  constructor(info: NodeInfo, showsRoom: boolean) {
    this.info = info;
    this.#showsRoom = showsRoom;
  }

  answer(ask: Ask): Bid {
    this.asks += 1;
    const { nodeId, available } = this.info;
    const why = this.refuses(ask);
    const each = ask.requirements.resources;
    const base = { askId: ask.askId, nodeId };
    if (why !== undefined) return { ...base, accepted: false, slots: 0, why };
    const slots = timesFitting(each, available, ask.slots);
    const refusal = { ...base, accepted: false, slots: 0, busy: true, why: "capacity: it is full" };
    if (slots < ask.slots) this.hasRefused = true;
    if (slots === 0) return this.#showsRoom ? { ...refusal, available } : refusal;
    this.change(each, -slots);
    return { ...base, accepted: true, score: 1, slots };
  }

  /** Frees room, or takes it. */
  change(each: NodeInfo["available"], slots: number): void {
    this.info = { ...this.info, available: addResources(this.info.available, each, slots) };
  }
}

const output = { stdout: "", stdoutTruncated: false, stderr: "", stderrTruncated: false, exitCode: 0, errorMsg: "" };

/** A job that decides by itself and requests its slots after each of its changes. */
export class TestJob implements Placeable {
  readonly ref: AggregateRef;
  readonly #harness: Pick<SchedulerHarness, "scheduler" | "clock">;
  readonly #pinned: { readonly pinnedTo?: string };
  #job: Job | undefined;

  constructor(
    id: string,
    { spec, pinnedTo }: { readonly spec: JobSpec; readonly pinnedTo: string | undefined },
    harness: Pick<SchedulerHarness, "scheduler" | "clock">,
  ) {
    this.#pinned = pinnedTo === undefined ? {} : { pinnedTo };
    this.ref = { kind: "job", namespace: spec.namespace, id };
    this.#harness = harness;
    this.#decide({ name: "Submit", jobId: id, spec });
  }

  state(): Job | undefined {
    return this.#job;
  }

  isOpen(): boolean {
    return true;
  }

  async command(command: JobCommand): ReturnType<Placeable["command"]> {
    return this.#decide(command);
  }

  /** The state with the reason for it, for assertions. */
  summary(): string {
    const { state = "", code = "" } = this.#job?.header ?? {};
    return `${state} ${code}`.trim();
  }

  /** Its requirements, and the number of slots that it needs now. */
  wants(): { readonly slots: number; readonly requirements: Requirements; readonly pinnedTo: string | undefined } {
    const job = this.#job ?? raise("the job was refused");
    const requirements = requirementsOf(job.header.spec) ?? raise("a job has a task");
    const slots = jobKind.react(job, emptyWorld, this.#harness.clock.now()).slots.length;
    return { slots, requirements, pinnedTo: this.#pinned.pinnedTo };
  }

  /** One of the nodes could run it, were it idle. */
  fitsSome(nodes: ReadonlyMap<string, TestNode>): boolean {
    const { requirements, pinnedTo } = this.wants();
    return [...nodes.values()].some(
      ({ info }) => (pinnedTo ?? info.nodeId) === info.nodeId && evaluateAll(filters, { requirements, info }).fit,
    );
  }

  nodeIds(): readonly string[] {
    return this.#job === undefined ? [] : liveExecutions(this.#job).map(({ placement }) => placement.nodeId);
  }

  /** Every execution completes and frees its room. */
  async complete(nodes: ReadonlyMap<string, TestNode>): Promise<void> {
    for (const { placement } of this.#job === undefined ? [] : liveExecutions(this.#job)) {
      const { nodeId, executionId, resources } = placement;
      nodes.get(nodeId)?.change(resources, 1);
      const at = this.#harness.clock.now();
      const saw = { kind: "completed", startedAt: at, output } as const;
      const report = { at, namespace: this.ref.namespace, number: 1, saw };
      await this.command({ name: "Report", nodeId, executionId, report });
    }
  }

  #decide(command: JobCommand): Awaited<ReturnType<Placeable["command"]>> {
    const { clock, scheduler } = this.#harness;
    const decision = decideJob(this.#job, command, clock.now());
    if (!decision.ok) return decision;
    for (const event of decision.events) this.#job = evolveJob(this.#job, event, { at: clock.now(), seq: 1 });
    const job = this.#job;
    const changed = decision.events.length > 0;
    if (changed && job !== undefined) {
      scheduler.used(job);
      scheduler.request(
        this,
        jobKind.react(job, emptyWorld, clock.now()).slots.map((slot) => ({ ...slot, ...this.#pinned })),
      );
    }
    return { ok: true, changed };
  }
}

export interface SchedulerHarness {
  readonly clock: ManualClock;
  readonly scheduler: Scheduler;
  readonly nodes: ReadonlyMap<string, TestNode>;
  /** Asks of all nodes so far. */
  asks(): number;
  /** Submits a job, with all its slots pinned to one node if that is named. */
  submit(spec: JobSpec, pinnedTo?: string): TestJob;
  /** Every execution of the job completes and frees its room. */
  complete(job: TestJob): Promise<void>;
  /** The node gets no new work until its next heartbeat. */
  exclude(nodeId: string): void;
  /** A heartbeat of one node, or of each. */
  beat(nodeId?: string): void;
  /** Heartbeats of all nodes every second for this time. */
  beatFor(seconds: number): Promise<void>;
}

/** The bid client over the test's nodes. A node that refused sends a heartbeat as soon as room is freed. */
function bidClientOf(
  nodes: ReadonlyMap<string, TestNode>,
  clock: ManualClock,
  on: { readonly beat: (nodeId: string) => void; readonly release: SchedulerHarnessOptions["onRelease"] },
) {
  const held = new Map<string, NodeInfo["available"]>();
  const bidClient: Pick<BidClient, "ask" | "release"> = {
    async ask(nodeId, ask, waitMs) {
      const node = nodes.get(nodeId);
      if (node !== undefined && !node.isSilent) {
        const bid = node.answer(ask);
        if (bid.accepted) held.set(`${nodeId} ${ask.askId}`, ask.requirements.resources);
        return bid;
      }
      if (node !== undefined) node.asks += 1;
      return new Promise((resolve) => void clock.at(clock.now() + waitMs, () => resolve(undefined)));
    },
    release(nodeId, { askId, slots }) {
      on.release?.(nodeId, { askId, slots });
      const node = nodes.get(nodeId);
      const each = held.get(`${nodeId} ${askId}`);
      if (node === undefined || each === undefined) return;
      node.change(each, slots);
      if (node.hasRefused) queueMicrotask(() => on.beat(nodeId));
    },
  };
  return bidClient;
}

/** A scheduler with nodes and jobs in memory and a manual clock. All nodes are connected and known. */
export function schedulerHarness(options: SchedulerHarnessOptions): SchedulerHarness {
  const { showsRoom = true, settled = () => true, seed = 0, auction = { width: 3, rounds: 8, waitMs: 300 } } = options;
  const clock = createManualClock(undefined, createPrng(seed));
  const prng = createPrng(seed).split("scheduler");
  const nodes = new Map(options.nodes.map((info) => [info.nodeId, new TestNode(info, showsRoom)]));
  const known = new Map<string, NodeInfo>();
  let ids = 0;
  const beat = (nodeId: string): void => {
    const info = nodes.get(nodeId)?.info;
    if (info === undefined) return;
    known.set(nodeId, info);
    scheduler.heartbeat(info);
  };
  const scheduler = new Scheduler({
    bidClient: bidClientOf(nodes, clock, { beat, release: options.onRelease }),
    clock,
    auction,
    ...(options.preempt === undefined ? {} : { preempt: options.preempt }),
    ...(options.quotas === undefined ? {} : { quotas: options.quotas }),
    random: { uuid: () => `id-${ids++}`, fraction: () => prng.fraction() },
    logger: { info: () => undefined, warn: (facts, sentence) => raise(`${sentence} ${JSON.stringify(facts)}`) },
    membership: { candidate: (nodeId) => known.get(nodeId), settled },
  });
  for (const nodeId of nodes.keys()) beat(nodeId);
  const harness: SchedulerHarness = {
    clock,
    scheduler,
    nodes,
    asks: () => [...nodes.values()].reduce((sum, { asks }) => sum + asks, 0),
    submit: (spec, pinnedTo) => new TestJob(`j-${ids++}`, { spec, pinnedTo }, harness),
    async complete(job) {
      await job.complete(nodes);
      await clock.settle();
    },
    exclude: (nodeId) => void known.delete(nodeId),
    beat: (nodeId) => (nodeId === undefined ? [...nodes.keys()].forEach(beat) : beat(nodeId)),
    async beatFor(seconds) {
      for (let second = 0; second < seconds; second++) {
        await clock.advance(1_000);
        harness.beat();
        await clock.settle();
      }
    },
  };
  return harness;
}

function raise(why: string): never {
  throw new Error(why);
}

/** Nodes `n-0`, `n-1` … with this number of cores, all of them free. */
export function nodesOf(count: number, cpuCores = 4, changes: Partial<NodeInfo> = {}): readonly NodeInfo[] {
  return Array.from({ length: count }, (_, index) => {
    const info = sampleInfo(`n-${index}`);
    const all = { ...info.capacity, cpuCores };
    return { ...info, capacity: all, available: all, perTask: all, ...changes };
  });
}
