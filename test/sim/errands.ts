import {
  type Aggregate,
  applyCommit,
  causeOf,
  type Kind,
  noAggregate,
  openKeyOf,
  pause,
  type StoredCommit,
} from "@shoal/core";
import { type Dice, type Errand, type ErrandPlan, errandKind, type Sea } from "@shoal/core/testing";
import { type AggregateRef, errors, shardOf } from "@shoal/proto";
import type { Fleet } from "./fleet.ts";
import { type PlannedErrand, receiverOf } from "./plan-errands.ts";

export interface ErrandsOptions {
  readonly sea: Sea;
  readonly dice: Dice;
  readonly fleet: Fleet;
  readonly errands: readonly PlannedErrand[];
  readonly startAt: number;
  readonly problem: (what: string) => void;
}

/** Errands in the simulation: who submits them, and what must hold of them. */
export interface Errands {
  see(stored: StoredCommit): void;
  /** Errands that should settle by themselves and have not. */
  open(): number;
  /** How many of a shard are not settled, with reason or without. */
  unsettledIn(shard: number): number;
  /** Keys of the view `open` under which an aggregate that cannot be read may be. */
  readonly unreadable: ReadonlySet<string>;
  /** What is not as it must be once the world has been calm for long enough. */
  unrest(): readonly string[];
}

// As a client waits before it asks another requester, or asks again.
const againMs = 1_000;

const refOf = ({ namespace, id }: Pick<ErrandPlan, "namespace" | "id">): AggregateRef => ({
  kind: "errand",
  namespace,
  id,
});

/** Submits and stops errands as planned, again and again until it is done, and follows them in the log. */
export function createErrands({ sea, dice, fleet, errands, startAt, problem }: ErrandsOptions): Errands {
  const folded = new Map<string, Aggregate<Errand>>();
  const targets = errands.flatMap(({ plan }) => plan.children.map(({ target }) => target));
  const unreadable = new Set(targets.filter((each) => receiverOf(each) === "unreadable").map(openKeyOf));
  let waiting = errands.length;

  async function until(work: (dispatcher: ReturnType<typeof dispatchers>[number]) => Promise<unknown>): Promise<void> {
    for (;;) {
      const [first, ...rest] = dispatchers();
      const done =
        first !== undefined &&
        (await Promise.race([
          work(dice.pick([first, ...rest])).then(
            () => true,
            (failure: unknown) => !errors[causeOf(failure).code].retry,
          ),
          pause(sea.clock, 5 * againMs).then(() => false),
        ]));
      if (done) return;
      await pause(sea.clock, againMs);
    }
  }

  const dispatchers = () => fleet.requesters.flatMap((ship) => ship.voyage()?.requester.dispatcher ?? []);
  const actor = { type: "client", id: "errands" } as const;

  async function run({ plan, stopAfterMs }: PlannedErrand): Promise<void> {
    const aggregate = refOf(plan);
    const start = { id: `start-${plan.id}`, aggregate, command: { name: "Start", plan }, actor };
    await until((dispatcher) => dispatcher.create(start));
    if (stopAfterMs !== undefined) {
      await pause(sea.clock, stopAfterMs);
      const stop = { id: `stop-${plan.id}`, aggregate, command: { name: "Stop", why: "enough" }, actor };
      await until((dispatcher) => dispatcher.send(stop));
    }
    waiting--;
  }

  for (const target of targets) if (receiverOf(target) === "unreadable") sea.log.put(target, "no commit");
  for (const errand of errands) sea.clock.at(startAt + errand.atMs, () => void run(errand));

  const isBlocked = ({ state }: Aggregate<Errand>): boolean =>
    [...(state?.children.values() ?? [])].some(
      ({ child, state: childState }) => childState !== "over" && blocking.has(receiverOf(child.target)),
    );

  const unsettled = () =>
    [...folded.values()].filter(
      (errand) => errand.state !== undefined && !errandKind.isSettled(errand.state) && !isBlocked(errand),
    );

  return {
    see(stored) {
      const { aggregate: ref, commit } = stored;
      if (ref.kind !== "errand") return;
      const before = folded.get(ref.id) ?? noAggregate;
      if (before.state !== undefined && errandKind.isSettled(before.state))
        problem(`${ref.id} was settled and went on at ${stored.seq}`);
      if (commit.events.some(({ type }) => type === "ErrandStarted") && before.state !== undefined)
        problem(`${ref.id} was created twice`);
      folded.set(ref.id, applyCommit<Errand>(errandKind as Kind<Errand>, before, stored));
    },
    open: () => waiting + unsettled().length,
    unsettledIn: (shard) =>
      [...folded.values()].filter(
        ({ state }) => state !== undefined && shardOf(state.plan.id) === shard && !errandKind.isSettled(state),
      ).length,
    unreadable,
    unrest() {
      const found = unsettled().map(({ state }) => `errand ${state?.plan.id} is not settled`);
      if (waiting > 0) found.push(`${waiting} clients with errands are still without an answer`);
      for (const { plan } of errands) {
        const state = folded.get(plan.id)?.state;
        if (state === undefined) found.push(`errand ${plan.id} was acknowledged and is lost`);
        // A receiver that is no errand, or cannot be one, holds nothing but its own effect.
        for (const { child, state: childState } of state?.children.values() ?? [])
          if (childState !== "over" && !blocking.has(receiverOf(child.target)))
            found.push(`${plan.id} still waits for ${child.target.id}, which is ${receiverOf(child.target)}`);
      }
      return found;
    },
  };
}

/** Receivers that never answer. */
const blocking: ReadonlySet<string> = new Set(["unreadable", "unknown"]);
