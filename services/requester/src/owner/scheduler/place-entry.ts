import { explainShortage, type JobCommand, type Preemptor } from "@shoal/core";
import type { Victim } from "@shoal/proto";
import type { Membership } from "../../nodes/membership.ts";
import { type BiddingOptions, type BiddingOutcome, BiddingRound } from "./bidding-round.ts";
import type { Lane } from "./lane.ts";
import type { LaneTurn, TryResult } from "./lane-turn.ts";
import type { Reservations } from "./reservations.ts";
import type { WaitReporter } from "./wait-reporter.ts";

export interface PlaceOptions {
  readonly bidding: BiddingOptions;
  readonly reservations: Pick<Reservations, "answered">;
  readonly reporter: Pick<WaitReporter, "remove">;
  readonly membership: Pick<Membership, "settled">;
  readonly preempt: Preempt;
}

/** Orders the end of executions, wherever their jobs are owned. A lost order is repeated when the reservation is renewed. */
export type Preempt = (victims: readonly Victim[], by: Preemptor) => void;

/** Asks nodes for the entry whose turn it is, and gives its job the result: placements, and why the other slots wait. */
export async function placeEntry(options: PlaceOptions, lane: Lane, turn: LaneTurn): Promise<TryResult> {
  const { entry } = turn;
  const { target, requirements, slots } = entry;
  const outcome = await new BiddingRound(options.bidding, lane, turn).run();
  if (turn.reserves === true) options.reservations.answered(lane, turn, outcome);
  const { places, answers, result } = outcome;
  const isOver = entry.slots.length === 0 || !target.isOpen();
  if (places.length > 0 && isOver) {
    release(options, outcome);
    return result;
  }
  if (outcome.victims.length > 0 && !isOver)
    options.preempt(outcome.victims, { jobId: target.ref.id, priority: entry.priority });
  const { resources } = requirements;
  const commands: JobCommand[] = [];
  if (places.length > 0)
    commands.push({
      name: "Place",
      places: places.map(({ slot, nodeId, askId }) => ({ slot, nodeId, askId, resources })),
      answers,
    });
  if (result !== "placed") {
    const why = explainShortage(slots.length - places.length, answers);
    entry.shortage = { why, answers };
    // A requester that has just started has not received every node's heartbeat: it records nothing about unknown
    // nodes.
    if (options.membership.settled()) {
      const placed = new Set(places.map(({ slot }) => slot));
      const waiting = entry.slots.map(({ slot }) => slot).filter((slot) => !placed.has(slot));
      commands.push({ name: "Wait", slots: waiting, why, answers, never: result === "node" });
      options.reporter.remove(entry);
    }
  }
  // In one turn, so that both share a commit.
  const [first] = await Promise.all(commands.map((command) => target.command(command)));
  if (places.length === 0 || (first?.ok === true && first.changed)) return result;
  release(options, outcome);
  // The job does not accept what it requests: no immediate retry.
  return entry.slots === slots ? "node" : result;
}

function release({ bidding }: PlaceOptions, { places }: BiddingOutcome): void {
  for (const { nodeId, askId } of places) bidding.bidClient.release(nodeId, { askId, slots: 1 });
}
