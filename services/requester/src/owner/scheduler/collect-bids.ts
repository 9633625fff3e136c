import type { Market } from "@shoal/core";
import type { Ask, Bid } from "@shoal/proto";

/** How one round of an auction ended. */
export interface Round {
  readonly bids: readonly Bid[];
  /** Who had said nothing by then. */
  readonly silent: readonly string[];
}

/**
 * Asks nodes in parallel and decides as soon as enough have answered: everybody, or more than half of them with room for
 * all that is wanted. A dead node delays nothing while the others answer. An accepted bid that comes later is released.
 */
export function askAll(
  market: Pick<Market, "ask" | "release">,
  ask: Ask,
  { nodeIds, waitMs }: { readonly nodeIds: readonly string[]; readonly waitMs: number },
): Promise<Round> {
  return new Promise((resolve) => {
    const bids: Bid[] = [];
    const silent = new Set(nodeIds);
    let outstanding = nodeIds.length;
    let decided = false;

    function look(): void {
      const slots = bids.reduce((sum, bid) => sum + (bid.accepted ? bid.slots : 0), 0);
      const enough = slots >= ask.slots && bids.length * 2 > nodeIds.length;
      if (decided || (outstanding > 0 && !enough)) return;
      decided = true;
      resolve({ bids, silent: [...silent] });
    }

    function answered(nodeId: string, bid: Bid | undefined): void {
      outstanding--;
      const valid = bid !== undefined && bid.nodeId === nodeId && bid.askId === ask.askId;
      if (valid && decided && bid.accepted) market.release(nodeId, { askId: ask.askId, slots: bid.slots });
      if (valid && !decided) {
        bids.push(bid);
        silent.delete(nodeId);
      }
      look();
    }

    for (const nodeId of nodeIds) {
      market.ask(nodeId, ask, waitMs).then(
        (bid) => answered(nodeId, bid),
        () => answered(nodeId, undefined),
      );
    }
    look();
  });
}
