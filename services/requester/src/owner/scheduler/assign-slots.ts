import type { Slot } from "@shoal/core";
import type { Bid } from "@shoal/proto";

/** A slot and the bid that it uses. */
export interface AssignedSlot {
  readonly slot: string;
  readonly nodeId: string;
  readonly askId: string;
}

/**
 * Assigns slots to the accepted bids, one each in turn, so that the executions spread over every node that has room:
 * first to the nodes with the fewest failures of this job, whatever their bids, and of those to the best score.
 */
export function assignSlots(
  slots: readonly Slot[],
  bids: readonly Bid[],
  failuresOn: ReadonlyMap<string, number>,
): readonly AssignedSlot[] {
  const failures = ({ nodeId }: Bid) => failuresOn.get(nodeId) ?? 0;
  const offers = bids
    .filter(({ accepted, slots: offered }) => accepted && offered > 0)
    .sort((a, b) => failures(a) - failures(b) || (b.score ?? 0) - (a.score ?? 0))
    .map((bid) => ({ bid, left: bid.slots }));
  const assigned: AssignedSlot[] = [];
  let turn = 0;
  for (const { slot } of slots) {
    let passed = 0;
    while (passed < offers.length && offers[turn % offers.length]?.left === 0) {
      turn++;
      passed++;
    }
    const offer = offers[turn % Math.max(offers.length, 1)];
    if (offer === undefined || offer.left === 0) break;
    offer.left--;
    turn++;
    assigned.push({ slot, nodeId: offer.bid.nodeId, askId: offer.bid.askId });
  }
  return assigned;
}
