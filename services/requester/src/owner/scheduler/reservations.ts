import type { BiddingOptions, BiddingOutcome } from "./bidding-round.ts";
import { type Lane, laneLimits } from "./lane.ts";
import type { LaneTurn } from "./lane-turn.ts";
import type { PendingEntry } from "./pending-entry.ts";

interface LaneReservation {
  readonly entry: PendingEntry;
  readonly nodeId: string;
  readonly askId: string;
  /** The slots that it waited with then. */
  readonly slots: PendingEntry["slots"];
}

/**
 * Lets one job of each lane that has waited for long reserve room on one node: the first in the lane's order, until it
 * is placed. The node holds the reservation only while the lane's pass, every 30 s, renews it.
 */
export class Reservations {
  readonly #options: BiddingOptions;
  readonly #byLane = new Map<Lane, LaneReservation>();
  /** The last time at which nodes refused to reserve for an entry. */
  readonly #refusals = new WeakMap<PendingEntry, Map<string, number>>();

  constructor(options: BiddingOptions) {
    this.#options = options;
  }

  /**
   * Takes the entry that makes or renews the lane's reservation now, for a try on that node; undefined when there is
   * none.
   */
  next(lane: Lane): LaneTurn | undefined {
    const { clock, auction } = this.#options;
    const { reserveAfterMs } = auction;
    const now = clock.now();
    if (reserveAfterMs === undefined || !lane.isBlocked) return undefined;
    const current = this.#byLane.get(lane);
    if (current !== undefined) {
      if (this.#mayReserve(lane, current.entry, current.nodeId)) return lane.takeFor(current.entry, current.nodeId);
      this.end(lane, current.entry);
    }
    let looked = 0;
    for (const entry of lane.forRoom()) {
      if (looked++ >= laneLimits.looked) return undefined;
      if (now - entry.queuedAt < reserveAfterMs) continue;
      const nodeId = this.#roomiest(lane, entry);
      if (nodeId !== undefined) return lane.takeFor(entry, nodeId);
    }
    return undefined;
  }

  /**
   * The node was asked: it reserves room, has granted some, or prefers others. A node that has not answered is asked
   * again.
   */
  answered(lane: Lane, { entry, nodeIds = [] }: LaneTurn, { places, reserved: askId }: BiddingOutcome): void {
    const [nodeId] = nodeIds;
    if (nodeId === undefined) return;
    const before = this.#byLane.get(lane);
    const isSame = before?.entry === entry && before.nodeId === nodeId;
    if (before !== undefined && !isSame) this.end(lane, before.entry);
    if (typeof askId === "string") {
      this.#byLane.set(lane, { entry, nodeId, askId, slots: entry.slots });
      this.#options.rooms.reserve(nodeId, entry);
      if (entry.slots.length === 0) this.end(lane, entry);
      return;
    }
    this.end(lane, entry);
    if (askId === false && places.length === 0) this.#refused(entry, nodeId);
  }

  /** The entry that has the lane's reservation for its present slots. */
  entryOf(lane: Lane): PendingEntry | undefined {
    const reserved = this.#byLane.get(lane);
    return reserved?.slots === reserved?.entry.slots ? reserved?.entry : undefined;
  }

  /** The entry is placed, or no longer needs a node. */
  end(lane: Lane, entry: PendingEntry): void {
    const reserved = this.#byLane.get(lane);
    if (reserved?.entry !== entry) return;
    this.#byLane.delete(lane);
    this.#options.rooms.endReservation(reserved.nodeId, entry);
    this.#options.bidClient.release(reserved.nodeId, { askId: reserved.askId, slots: 1 });
  }

  #refused(entry: PendingEntry, nodeId: string): void {
    const refusals = this.#refusals.get(entry) ?? new Map<string, number>();
    this.#refusals.set(entry, refusals.set(nodeId, this.#options.clock.now()));
  }

  /**
   * The node that fits and may be asked: among those that have not refused, else among those that refused longest ago,
   * the one that lacks least.
   */
  #roomiest(lane: Lane, entry: PendingEntry): string | undefined {
    const { rooms } = this.#options;
    const refusals = this.#refusals.get(entry);
    let best: { readonly nodeId: string; readonly refusedAt: number; readonly share: number } | undefined;
    for (const nodeId of lane.pool.ids()) {
      const share = rooms.shareOf(nodeId, entry.requirements.resources);
      const refusedAt = refusals?.get(nodeId) ?? 0;
      const isBetter =
        best === undefined || refusedAt < best.refusedAt || (refusedAt === best.refusedAt && share > best.share);
      if (isBetter && this.#mayReserve(lane, entry, nodeId)) best = { nodeId, refusedAt, share };
    }
    return best?.nodeId;
  }

  #mayReserve(lane: Lane, entry: PendingEntry, nodeId: string): boolean {
    const { rooms, isCandidate } = this.#options;
    return !rooms.hasRefused(nodeId, entry) && isCandidate(nodeId) && lane.fits(entry, nodeId);
  }
}
