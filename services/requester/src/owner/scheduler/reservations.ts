import type { BiddingOptions, BiddingOutcome } from "./bidding-round.ts";
import { type Lane, laneLimits, type Turn } from "./lane.ts";
import type { PendingEntry } from "./pending-entry.ts";

export const reservationLimits = {
  /**
   * How long one node gathers room for a job, and how long it is then left alone by it: most batch tasks end sooner, and where one runs for
   * days the others have the node for at least half of the time.
   */
  gatherMs: 600_000,
} as const;

interface LaneReservation {
  readonly entry: PendingEntry;
  readonly nodeId: string;
  readonly askId: string;
  readonly sinceAt: number;
}

/**
 * Lets one job of each lane that has waited for long reserve room on one node: the first in the lane's order, until it has its places. The
 * node keeps the reservation only if the lane's look, every 30 s, renews it.
 */
export class Reservations {
  readonly #options: BiddingOptions;
  readonly #byLane = new Map<Lane, LaneReservation>();
  /** Until when a node is not asked to reserve for an entry. */
  readonly #rests = new WeakMap<PendingEntry, Map<string, number>>();

  constructor(options: BiddingOptions) {
    this.#options = options;
  }

  /** Takes the entry that makes or renews the lane's reservation now, for a try on that node; undefined when there is none. */
  next(lane: Lane): Turn | undefined {
    const { clock, auction } = this.#options;
    const { reserveAfterMs } = auction;
    const now = clock.now();
    if (reserveAfterMs === undefined || !lane.isBlocked) return undefined;
    const reserved = this.#byLane.get(lane);
    if (reserved !== undefined && now - reserved.sinceAt >= reservationLimits.gatherMs) {
      this.end(lane, reserved.entry);
      this.#rest(reserved.entry, reserved.nodeId);
    }
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

  /** The node was asked: it reserves room, has granted some, or is left alone for a while. One that has not answered is asked again. */
  answered(lane: Lane, { entry, nodeIds = [] }: Turn, { places, reserved: askId }: BiddingOutcome): void {
    const [nodeId] = nodeIds;
    if (nodeId === undefined) return;
    const before = this.#byLane.get(lane);
    const isSame = before?.entry === entry && before.nodeId === nodeId;
    if (before !== undefined && !isSame) this.end(lane, before.entry);
    if (typeof askId === "string") {
      const sinceAt = isSame ? before.sinceAt : this.#options.clock.now();
      this.#byLane.set(lane, { entry, nodeId, askId, sinceAt });
      if (entry.slots.length === 0) this.end(lane, entry);
      return;
    }
    this.end(lane, entry);
    if (askId === false && places.length === 0) this.#rest(entry, nodeId);
  }

  /** The entry has its places, or needs none any more. */
  end(lane: Lane, entry: PendingEntry): void {
    const reserved = this.#byLane.get(lane);
    if (reserved?.entry !== entry) return;
    this.#byLane.delete(lane);
    this.#options.market.release(reserved.nodeId, { askId: reserved.askId, slots: 1 });
  }

  #rest(entry: PendingEntry, nodeId: string): void {
    const rests = this.#rests.get(entry) ?? new Map<string, number>();
    this.#rests.set(entry, rests.set(nodeId, this.#options.clock.now() + reservationLimits.gatherMs));
  }

  /** The node that fits, may be asked, and is short of least. */
  #roomiest(lane: Lane, entry: PendingEntry): string | undefined {
    const { rooms } = this.#options;
    let best: { readonly nodeId: string; readonly share: number } | undefined;
    for (const nodeId of lane.pool.ids()) {
      const share = rooms.shareOf(nodeId, entry.requirements.resources);
      if (share <= (best?.share ?? -1) || !this.#mayReserve(lane, entry, nodeId)) continue;
      best = { nodeId, share };
    }
    return best?.nodeId;
  }

  #mayReserve(lane: Lane, entry: PendingEntry, nodeId: string): boolean {
    const { rooms, clock, isCandidate } = this.#options;
    if ((this.#rests.get(entry)?.get(nodeId) ?? 0) > clock.now()) return false;
    if (entry.refusedBy.get(nodeId) === rooms.revisionOf(nodeId)) return false;
    return isCandidate(nodeId) && lane.fits(entry, nodeId);
  }
}
