import { type EligibleNodes, jobLimits } from "@shoal/core";
import { type NodeInfo, type Resources, timesFitting } from "@shoal/proto";
import type { LaneTurn, TryResult } from "./lane-turn.ts";
import type { NamespaceTurns } from "./namespace-turns.ts";
import type { NodeRooms } from "./node-rooms.ts";
import type { PendingEntry } from "./pending-entry.ts";
import { PendingQueue } from "./pending-queue.ts";
import { type RoomAtRefusal, showsMore } from "./room-at-refusal.ts";

export interface LaneOptions {
  readonly rooms: NodeRooms;
  /** Shared by all lanes of the scheduler. */
  readonly turns: NamespaceTurns;
  /** Nodes that its entries may fit. */
  readonly pool: EligibleNodes;
  /** Nodes that none of its entries fits: some of them, for explanations. */
  readonly refused: ReadonlySet<string>;
  /** Whether a node of the pool fits an entry by what it advertises. */
  readonly fits: (entry: PendingEntry, info: NodeInfo) => boolean;
  /** Its entries have little in common: a refusal of one does not predict the others. */
  readonly isMixed: boolean;
}

export const laneLimits = {
  /**
   * Concurrent tries: enough that the log and not the lane limits the rate of starts, few enough that a full cluster
   * refuses few.
   */
  tries: 64,
  /** Entries that one heartbeat evaluates; the pass every 30 s evaluates all. */
  looked: 64,
  /** Candidate nodes of one try: more than its rounds ask. */
  offered: 64,
  /**
   * Slots of one turn while other jobs wait for the same room: several for each node of a round, and few enough that a
   * job with thousands takes turns with them.
   */
  slotsBesideOthers: 16,
} as const;

/**
 * Entries that wait for the same nodes: those of one scheduling class, of one node's pinned slots, or those without a
 * class.
 */
export class Lane {
  readonly #options: LaneOptions;
  readonly #queue: PendingQueue<PendingEntry>;
  readonly #trying = new Set<PendingEntry>();
  /** Failed tries of this round: they come after the others of their priority, until none of the others can start. */
  readonly #failed: PendingQueue<PendingEntry>;
  /** Entries that no node fits now: retried when a node joins or changes. */
  readonly #parked = new Set<PendingEntry>();
  /** Nodes that show room since room was missing. */
  readonly #roomy = new Set<string>();
  readonly #refusals = new Map<string, RoomAtRefusal>();
  /** The least that any entry needs, by resource. */
  #least: Resources | undefined;
  #isBlocked = false;
  /** Cancels the timer of the next full pass. */
  cancelRetry: (() => void) | undefined;

  constructor(options: LaneOptions) {
    this.#options = options;
    this.#queue = new PendingQueue(options.turns);
    this.#failed = new PendingQueue(options.turns);
  }

  get pool(): EligibleNodes {
    return this.#options.pool;
  }

  get refused(): ReadonlySet<string> {
    return this.#options.refused;
  }

  /** Room is missing: entries start only on nodes that show some. */
  get isBlocked(): boolean {
    return this.#isBlocked;
  }

  /** Entries that wait and are not being tried. */
  get waiting(): number {
    return this.#queue.size + this.#failed.size + this.#parked.size;
  }

  /** The entries of the highest priority that wait for room: the first one, and how many slots they need together. */
  first(): { readonly entry: PendingEntry; readonly slots: number } | undefined {
    const [queued, failed] = [this.#queue.first(), this.#failed.first()];
    if (!this.#isBlocked) return undefined;
    const entry = queued === undefined || (failed?.priority ?? -Infinity) > queued.priority ? failed : queued;
    if (entry === undefined) return undefined;
    let [slots, looked] = [0, 0];
    for (const other of this.forRoom()) {
      if (other.priority === entry.priority) slots += other.slots.length;
      if (++looked >= laneLimits.looked) break;
    }
    return { entry, slots: Math.max(1, slots) };
  }

  /** The most slots that one turn fills. */
  get slotsPerTurn(): number {
    return this.#queue.size + this.#failed.size > 0 ? laneLimits.slotsBesideOthers : jobLimits.placesPerCommit;
  }

  get isEmpty(): boolean {
    return this.waiting === 0 && this.#trying.size === 0;
  }

  fits(entry: PendingEntry, nodeId: string): boolean {
    const info = this.#options.rooms.infoOf(nodeId);
    return info !== undefined && this.#options.fits(entry, info);
  }

  /** Negative when the turn of `a` comes before that of `b`, in this lane or in two lanes. */
  compare(a: LaneTurn, b: LaneTurn): number {
    return this.#queue.compare(a.entry, b.entry);
  }

  add(entry: PendingEntry): void {
    this.#queue.add(entry);
    this.#least = leastOf(this.#least, entry.requirements.resources);
  }

  /** Removes an entry; one that is being tried is removed when its try ends. */
  remove(entry: PendingEntry): void {
    this.#queue.delete(entry);
    this.#failed.delete(entry);
    this.#parked.delete(entry);
    if (this.waiting === 0) this.#unblock();
  }

  /** Every entry that waits and is not being tried. */
  *entries(): Iterable<PendingEntry> {
    yield* this.forRoom();
    yield* this.#parked;
  }

  /** Every entry that waits for room and is not being tried, in order. */
  *forRoom(): Iterable<PendingEntry> {
    yield* this.#queue.inOrder();
    yield* this.#failed.inOrder();
  }

  /** The next entry that can start now; undefined when none can. `all` evaluates every entry. */
  next(now: number, all: boolean): LaneTurn | undefined {
    if (this.#trying.size >= laneLimits.tries) return undefined;
    this.#returnPreferred();
    return this.#find(now, all) ?? (this.#endRound() ? this.#find(now, all) : undefined);
  }

  /** Takes the entry of `next` for a try. */
  take({ entry }: LaneTurn): void {
    this.#queue.take(entry);
    this.#trying.add(entry);
  }

  /** Takes an entry that waits for room for a try on one node; undefined when it is being tried, or no node fits it. */
  takeFor(entry: PendingEntry, nodeId: string): LaneTurn | undefined {
    // Its namespace does not lose its turn: the node is asked independently of turns.
    if (!this.#queue.delete(entry) && !this.#failed.delete(entry)) return undefined;
    this.#trying.add(entry);
    return { entry, nodeIds: [nodeId], reserves: true };
  }

  /** A try has ended; `isWaiting` when some of its slots still wait. */
  tried(entry: PendingEntry, result: TryResult, isWaiting: boolean): void {
    this.#trying.delete(entry);
    if (result === "room") this.#isBlocked = true;
    if (isWaiting) this.#least = leastOf(this.#least, entry.requirements.resources);
    if (isWaiting && result === "placed") this.#queue.add(entry);
    if (isWaiting && result === "room") this.#failed.add(entry);
    if (isWaiting && result === "node") this.#parked.add(entry);
    if (this.waiting === 0) this.#unblock();
  }

  /** A mixed lane tries a new entry at once: it may fit where the others do not. */
  takeNew(entry: PendingEntry): LaneTurn | undefined {
    if (!this.#options.isMixed || !this.#isBlocked || this.#trying.size >= laneLimits.tries) return undefined;
    this.#queue.take(entry);
    this.#trying.add(entry);
    return { entry, nodeIds: undefined };
  }

  /** A node refused for lack of room: `available` is what it had left. */
  refusedBy(info: NodeInfo, each: Resources, available: Resources | undefined): void {
    // Where the remaining room explains the refusal, the estimate of its room prevents further asks.
    if (available !== undefined && timesFitting(each, available, 1) === 0) return;
    this.#refusals.set(info.nodeId, { available: available ?? info.available, running: info.running });
  }

  /** On a heartbeat of a node of the pool; true when it has room for an entry that waits for room. */
  received({ nodeId, available, running }: NodeInfo, now: number): boolean {
    if (this.isEmpty || this.#least === undefined || !this.pool.has(nodeId)) return false;
    const before = this.#refusals.get(nodeId);
    if (before !== undefined && !showsMore({ available, running }, before)) return false;
    this.#refusals.delete(nodeId);
    if (!this.#options.rooms.hasRoom(nodeId, this.#least, now)) return false;
    // Also while no entry waits: the asked nodes may refuse an entry that is being tried.
    this.#roomy.add(nodeId);
    return this.#isBlocked && this.waiting > 0;
  }

  /** Retries the entries that no node fitted. */
  unpark(): void {
    for (const entry of this.#parked) this.#queue.add(entry);
    this.#parked.clear();
  }

  /** Resets the refusals: every node of the pool may be asked. */
  reset(now: number): void {
    this.unpark();
    this.#refusals.clear();
    if (!this.#isBlocked || this.#least === undefined) return;
    for (const nodeId of this.pool.ids())
      if (this.#options.rooms.hasRoom(nodeId, this.#least, now)) this.#roomy.add(nodeId);
  }

  /** The node is gone. */
  forget(nodeId: string): void {
    this.#roomy.delete(nodeId);
    this.#refusals.delete(nodeId);
  }

  /** An ask for this entry may succeed: the node fits, has not refused it permanently, and shows room. */
  #canStartOn(nodeId: string, entry: PendingEntry, now: number): boolean {
    const { rooms } = this.#options;
    if (!rooms.hasRoomFor(nodeId, entry, now)) return false;
    return !rooms.hasRefused(nodeId, entry) && this.fits(entry, nodeId);
  }

  #find(now: number, all: boolean): LaneTurn | undefined {
    if (this.#isBlocked) return this.#nextWithRoom(now, all);
    const entry = this.#queue.first();
    return entry === undefined ? undefined : { entry, nodeIds: undefined };
  }

  #nextWithRoom(now: number, all: boolean): LaneTurn | undefined {
    const { rooms } = this.#options;
    for (const nodeId of this.#roomy) {
      const isRoomy = this.#least !== undefined && rooms.hasRoom(nodeId, this.#least, now);
      if (!isRoomy || this.#refusals.has(nodeId)) this.#roomy.delete(nodeId);
    }
    if (this.#roomy.size === 0) return undefined;
    let looked = 0;
    for (const entry of this.#queue.inOrder()) {
      if (!all && looked++ >= laneLimits.looked) return undefined;
      const nodeIds: string[] = [];
      for (const nodeId of this.#roomy) {
        if (nodeIds.length >= laneLimits.offered) break;
        if (this.#canStartOn(nodeId, entry, now)) nodeIds.push(nodeId);
      }
      if (nodeIds.length > 0) return { entry, nodeIds };
    }
    return undefined;
  }

  /** True when failed tries are back in the queue: each recorded its refusals, so none repeats them. */
  #endRound(): boolean {
    if (this.#trying.size > 0 || this.#failed.size === 0) return false;
    for (const entry of [...this.#failed.inOrder()]) this.#return(entry);
    return true;
  }

  /** Failed tries of a higher priority than all others do not wait for these. */
  #returnPreferred(): void {
    for (;;) {
      const [failed, first] = [this.#failed.first(), this.#queue.first()];
      if (failed === undefined || first === undefined || failed.priority <= first.priority) return;
      this.#return(failed);
    }
  }

  #return(entry: PendingEntry): void {
    this.#failed.delete(entry);
    this.#queue.add(entry);
  }

  #unblock(): void {
    this.#isBlocked = false;
    this.#refusals.clear();
    if (this.#trying.size > 0) return;
    this.#least = undefined;
    this.#roomy.clear();
  }
}

function leastOf(a: Resources | undefined, b: Resources): Resources {
  if (a === undefined) return b;
  return {
    cpuCores: Math.min(a.cpuCores, b.cpuCores),
    memoryBytes: Math.min(a.memoryBytes, b.memoryBytes),
    diskBytes: Math.min(a.diskBytes, b.diskBytes),
    gpus: Math.min(a.gpus, b.gpus),
  };
}
