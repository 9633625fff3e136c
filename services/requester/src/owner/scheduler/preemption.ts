import { compareVictims, preemptsUpTo } from "@shoal/core";
import type { Bid, Victim } from "@shoal/proto";
import { askOf } from "./ask-of.ts";
import type { BiddingOptions } from "./bidding-round.ts";
import { collectBids } from "./collect-bids.ts";
import { type Lane, laneLimits } from "./lane.ts";
import type { LaneTurn } from "./lane-turn.ts";
import type { PendingEntry } from "./pending-entry.ts";
import type { Reservations } from "./reservations.ts";

export interface PreemptionOptions extends BiddingOptions {
  readonly reservations: Pick<Reservations, "entryOf">;
}

/** The last search for an entry, and the slots that it waited with then. */
interface Search {
  readonly at: number;
  readonly slots: PendingEntry["slots"];
}

// As often as a lane evaluates its nodes: what ends in the meantime is seen by heartbeats.
const searchMs = 30_000;

/**
 * Finds the node on which the end of the least important executions makes room for an entry. That node reserves the room
 * for it, and so keeps it from others; one slot of each lane at a time, so that a mistake is small.
 */
export class Preemption {
  readonly #options: PreemptionOptions;
  readonly #searches = new WeakMap<PendingEntry, Search>();
  /** The last search in each lane that found no node. */
  readonly #failed = new WeakMap<Lane, { readonly at: number; readonly priority: number }>();
  readonly #searching = new Set<Lane>();

  constructor(options: PreemptionOptions) {
    this.#options = options;
  }

  /**
   * Calls `found` with a turn on the node for an entry of the lane; does nothing when none may preempt now. The lane
   * searches again once the returned promise resolves: only then is the reservation known.
   */
  search(lane: Lane, found: (turn: LaneTurn) => Promise<void>): void {
    if (this.#options.auction.preemption !== true || !lane.isBlocked || this.#searching.has(lane)) return;
    const entry = this.#nextOf(lane);
    if (entry === undefined) return;
    this.#searches.set(entry, { at: this.#options.clock.now(), slots: entry.slots });
    this.#searching.add(lane);
    void this.#nodeFor(lane, entry)
      .then(async (nodeId) => {
        if (nodeId === undefined) this.#failed.set(lane, { at: this.#options.clock.now(), priority: entry.priority });
        const turn = nodeId === undefined ? undefined : lane.takeFor(entry, nodeId);
        if (turn !== undefined) await found(turn);
      })
      .finally(() => {
        this.#searching.delete(lane);
        // For an entry of higher priority that came meanwhile.
        this.search(lane, found);
      });
  }

  /**
   * The first entry in the lane's order among those that were searched for longest ago. Entries of no higher priority
   * wait for the lane's reservation to end, and after a search that found nothing.
   */
  #nextOf(lane: Lane): PendingEntry | undefined {
    const now = this.#options.clock.now();
    const holder = this.#options.reservations.entryOf(lane);
    const failed = this.#failed.get(lane);
    const above = Math.max(
      holder?.priority ?? -Infinity,
      failed !== undefined && now - failed.at < searchMs ? failed.priority : -Infinity,
    );
    let best: { readonly entry: PendingEntry; readonly at: number } | undefined;
    let looked = 0;
    for (const entry of lane.forRoom()) {
      if (looked++ >= laneLimits.looked) break;
      const last = this.#searches.get(entry);
      const at = last?.slots === entry.slots ? last.at : -Infinity;
      if (entry.priority > above && now - at >= searchMs && (best === undefined || at < best.at)) best = { entry, at };
    }
    return best?.entry;
  }

  /** Asks nodes which executions would have to end; the holds of those that have room after all are released. */
  async #nodeFor(lane: Lane, entry: PendingEntry): Promise<string | undefined> {
    const { bidClient, random, isCandidate, rooms, auction } = this.#options;
    const job = entry.target.state();
    if (job === undefined) return undefined;
    const nodeIds = lane.pool.draw({
      limit: laneLimits.offered,
      fraction: () => random.fraction(),
      accepts: (nodeId) => isCandidate(nodeId) && !rooms.hasRefused(nodeId, entry) && lane.fits(entry, nodeId),
    });
    const ask = {
      ...askOf(entry, job, { askId: random.uuid(), slots: 1 }),
      preemptsUpTo: preemptsUpTo(entry.priority),
    };
    const { bids } = await collectBids(bidClient, ask, { nodeIds, waitMs: auction.waitMs });
    for (const { nodeId, accepted, askId, slots } of bids) if (accepted) bidClient.release(nodeId, { askId, slots });
    const offers = bids.flatMap((bid) => {
      const victims = victimsIn(bid);
      return victims === undefined ? [] : [{ nodeId: bid.nodeId, victims }];
    });
    return offers.toSorted((a, b) => compareVictims(a.victims, b.victims))[0]?.nodeId;
  }
}

const victimsIn = ({ accepted, victims }: Bid): readonly Victim[] | undefined => (accepted ? [] : victims);
