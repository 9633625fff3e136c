import type { BidClient } from "@shoal/core";
import type { Ask, Bid } from "@shoal/proto";

/** How one round of asks ended. */
export interface CollectedBids {
  readonly bids: readonly Bid[];
  /** Nodes that had not answered by then. */
  readonly silent: readonly string[];
  /** The round ended by its time limit; otherwise the answers decided it sooner. */
  readonly isTimedOut: boolean;
}

/**
 * Asks nodes in parallel and ends as soon as enough have answered: all of them, or more than half of them with room for
 * every slot. A dead node delays nothing while the others answer. An accepted bid that arrives later is released.
 */
export function collectBids(
  bidClient: Pick<BidClient, "ask" | "release">,
  ask: Ask,
  { nodeIds, waitMs }: { readonly nodeIds: readonly string[]; readonly waitMs: number },
): Promise<CollectedBids> {
  return new Promise((resolve) => {
    const bids: Bid[] = [];
    const silent = new Set(nodeIds);
    let outstanding = nodeIds.length;
    let decided = false;

    function check(): void {
      const slots = bids.reduce((sum, bid) => sum + (bid.accepted ? bid.slots : 0), 0);
      const enough = slots >= ask.slots && bids.length * 2 > nodeIds.length;
      if (decided || (outstanding > 0 && !enough)) return;
      decided = true;
      resolve({ bids, silent: [...silent], isTimedOut: outstanding === 0 });
    }

    function answered(nodeId: string, bid: Bid | undefined): void {
      outstanding--;
      const valid = bid !== undefined && bid.nodeId === nodeId && bid.askId === ask.askId;
      if (valid && decided && bid.accepted) bidClient.release(nodeId, { askId: ask.askId, slots: bid.slots });
      if (valid && !decided) {
        bids.push(bid);
        silent.delete(nodeId);
      }
      check();
    }

    for (const nodeId of nodeIds) {
      bidClient.ask(nodeId, ask, waitMs).then(
        (bid) => answered(nodeId, bid),
        () => answered(nodeId, undefined),
      );
    }
    check();
  });
}
