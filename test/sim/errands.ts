import {
  type Aggregate,
  applyCommit,
  causeOf,
  Fault,
  type Kind,
  noAggregate,
  openKeyOf,
  pause,
  type StoredCommit,
} from "@shoal/core";
import {
  type NextErrand as Errand,
  type ErrandPlan,
  nextErrandKind as errandKind,
  type Prng,
  type SimulatedCluster,
} from "@shoal/core/testing";
import { type AggregateRef, errors, shardOf } from "@shoal/proto";
import { type PlannedErrand, receiverOf } from "./plan-errands.ts";
import type { SimulatedServices } from "./services.ts";

export interface ErrandsOptions {
  readonly sim: SimulatedCluster;
  readonly prng: Prng;
  readonly services: SimulatedServices;
  readonly errands: readonly PlannedErrand[];
  /** Clients use features of the next version: they retry until a requester supports them. */
  readonly usesNext: boolean;
  readonly startAt: number;
  readonly problem: (what: string) => void;
}

/** Errands in the simulation: their clients and their checks. */
export interface Errands {
  see(stored: StoredCommit): void;
  /** Errands that should have settled by themselves. */
  open(): number;
  /** The number of unsettled errands of a shard, expected or not. */
  unsettledIn(shard: number): number;
  /** Keys of the view `open` that unreadable aggregates may have. */
  readonly unreadable: ReadonlySet<string>;
  /** Violations of the final state, after a long enough time without faults. */
  violations(): readonly string[];
}

// The delay of a client before it calls another requester, or retries.
const againMs = 1_000;

/** A requester of this version does not support the new features: the client calls another one. */
function tooOld(failure: unknown): never {
  if (causeOf(failure).code !== "UNKNOWN_PART") throw failure;
  throw new Fault("LOG_UNREACHABLE", causeOf(failure).why);
}

const refOf = ({ namespace, id }: Pick<ErrandPlan, "namespace" | "id">): AggregateRef => ({
  kind: "errand",
  namespace,
  id,
});

/** Submits and stops errands as planned, with retries until success, and follows them in the log. */
export function createErrands({ sim, prng, services, errands, usesNext, startAt, problem }: ErrandsOptions): Errands {
  const folded = new Map<string, Aggregate<Errand>>();
  /** A new event on an errand of the known kind, and an aggregate of a new kind. */
  async function useNext({ namespace, id }: ErrandPlan): Promise<void> {
    const note = { id: `note-${id}`, aggregate: refOf({ namespace, id }), command: { name: "Note", note: id }, actor };
    await until(async (dispatcher) => {
      const reply = await dispatcher.send(note);
      if (reply.ok && reply.changed) noted.add(id);
      if (!reply.ok && reply.rejection.code === "BAD_REQUEST") tooOld(new Fault("UNKNOWN_PART", reply.rejection.why));
    });
    const endsAt = sim.clock.now() + againMs;
    const plan: ErrandPlan = { namespace, id: `${id}-pebble`, children: [], endsAt };
    const aggregate = { kind: "pebble", namespace, id: plan.id };
    const command = { name: "Start", plan };
    await until(async (dispatcher) => {
      await dispatcher.create({ id: `start-${plan.id}`, aggregate, command, actor }).catch(tooOld);
      pebbles.add(plan.id);
    });
  }

  /** Acknowledged. */
  const [noted, pebbles] = [new Set<string>(), new Set<string>()];
  const targets = errands.flatMap(({ plan }) => plan.children.map(({ target }) => target));
  const unreadable = new Set(targets.filter((each) => receiverOf(each) === "unreadable").map(openKeyOf));
  let waiting = errands.length;

  async function until(work: (dispatcher: ReturnType<typeof dispatchers>[number]) => Promise<unknown>): Promise<void> {
    for (;;) {
      const [first, ...rest] = dispatchers();
      const done =
        first !== undefined &&
        (await Promise.race([
          work(prng.pick([first, ...rest])).then(
            () => true,
            (failure: unknown) => !errors[causeOf(failure).code].retry,
          ),
          pause(sim.clock, 5 * againMs).then(() => false),
        ]));
      if (done) return;
      await pause(sim.clock, againMs);
    }
  }

  const dispatchers = () =>
    services.requesters.flatMap((supervised) => supervised.serving()?.requester.dispatcher ?? []);
  const actor = { type: "client", id: "errands" } as const;

  async function run({ plan, stopAfterMs }: PlannedErrand): Promise<void> {
    const aggregate = refOf(plan);
    const start = { id: `start-${plan.id}`, aggregate, command: { name: "Start", plan }, actor };
    await until((dispatcher) => dispatcher.create(start));
    if (usesNext) await useNext(plan);
    if (stopAfterMs !== undefined) {
      await pause(sim.clock, stopAfterMs);
      const stop = { id: `stop-${plan.id}`, aggregate, command: { name: "Stop", why: "enough" }, actor };
      await until((dispatcher) => dispatcher.send(stop));
    }
    waiting--;
  }

  for (const target of targets) if (receiverOf(target) === "unreadable") sim.log.put(target, "no commit");
  for (const errand of errands) sim.clock.at(startAt + errand.atMs, () => void run(errand));

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
      if (ref.kind !== "errand" && ref.kind !== "pebble") return;
      const before = folded.get(ref.id) ?? noAggregate;
      if (before.state !== undefined && errandKind.isSettled(before.state))
        problem(`${ref.id} was settled and changed at ${stored.seq}`);
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
    violations() {
      const found = unsettled().map(({ state }) => `errand ${state?.plan.id} is not settled`);
      if (waiting > 0) found.push(`${waiting} clients with errands are still without an answer`);
      for (const id of pebbles)
        if (folded.get(id)?.state === undefined) found.push(`${id} was acknowledged and is lost`);
      for (const { plan } of errands) {
        const state = folded.get(plan.id)?.state;
        if (noted.has(plan.id) && state?.noted?.length !== 1) found.push(`the note of ${plan.id} is lost or doubled`);
        if (state === undefined) found.push(`errand ${plan.id} was acknowledged and is lost`);
        // A receiver that is not an errand delays only its own effect.
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
