import type { Place, Wanted } from "@shoal/core";
import type { Bid } from "@shoal/proto";

/**
 * Deals partitions to the bids, one each in turn, so that the work spreads over everybody who has room: first to those where least of
 * the job has gone wrong, whatever they bid, and of those to the best score.
 */
export function deal(
  slots: readonly string[],
  bids: readonly Bid[],
  { resources, failuresOn }: Pick<Wanted, "resources" | "failuresOn">,
): readonly Place[] {
  const failures = ({ nodeId }: Bid) => failuresOn.get(nodeId) ?? 0;
  const hands = bids
    .filter((bid) => bid.accepted && bid.slots > 0)
    .sort((a, b) => failures(a) - failures(b) || (b.score ?? 0) - (a.score ?? 0))
    .map((bid) => ({ bid, left: bid.slots }));
  const places: Place[] = [];
  let turn = 0;
  for (const slot of slots) {
    let passed = 0;
    while (passed < hands.length && hands[turn % hands.length]?.left === 0) {
      turn++;
      passed++;
    }
    const hand = hands[turn % Math.max(hands.length, 1)];
    if (hand === undefined || hand.left === 0) break;
    hand.left--;
    turn++;
    places.push({ slot, nodeId: hand.bid.nodeId, askId: hand.bid.askId, resources });
  }
  return places;
}
