import type { Lane } from "./lane.ts";
import type { LaneTurn } from "./lane-turn.ts";

/** A turn that was taken from its lane, for a try. */
interface TakenTurn {
  readonly lane: Lane;
  readonly turn: LaneTurn;
}

/**
 * Takes every entry of these lanes that can start now, in one order for all of them. The caller starts the try of each
 * before it takes the next: a try claims room that the next one does not find.
 */
export function* turnsOf(lanes: readonly Lane[], now: number, all: boolean): Generator<TakenTurn> {
  const nextOf = (lane: Lane): readonly TakenTurn[] => {
    const turn = lane.next(now, all);
    return turn === undefined ? [] : [{ lane, turn }];
  };
  const open = lanes.flatMap(nextOf);
  while (open.length > 0) {
    const first = open.reduce((best, each) => (best.lane.compare(each.turn, best.turn) < 0 ? each : best));
    open.splice(open.indexOf(first), 1);
    // Another lane may have taken its room or its namespace's turn since.
    const [current] = nextOf(first.lane);
    if (current === undefined) continue;
    if (open.every((other) => current.lane.compare(current.turn, other.turn) <= 0)) {
      current.lane.take(current.turn);
      yield current;
    }
    open.push(...nextOf(first.lane));
  }
}
