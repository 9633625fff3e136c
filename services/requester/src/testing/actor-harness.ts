import { type CommandReply, type EventLog, type Kind, type Kinds, registry } from "@shoal/core";
import {
  createSimulatedCluster,
  type Errand,
  type ErrandCommand,
  errandKind,
  type SimulatedCluster,
} from "@shoal/core/testing";
import type { Actor, AggregateRef } from "@shoal/proto";
import type { ActorOptions } from "../owner/aggregate/actor-options.ts";
import { AggregateActor } from "../owner/aggregate/aggregate-actor.ts";

type ErrandOptions = ActorOptions<Errand, ErrandCommand, Parameters<typeof errandKind.evolve>[1]>;
type ErrandActor = AggregateActor<Errand, ErrandCommand, Parameters<typeof errandKind.evolve>[1]>;

/** Errands alone. */
const errandsOnly: Kinds = registry<Kind>("kind", [errandKind]);

/** The actor of the commands in these tests. */
export const testClient: Actor = { type: "client", id: "test" };

/** The reference of an errand. */
const errandRef = (id: string): AggregateRef => ({ kind: "errand", namespace: "default", id });

/** The command that starts an errand with this number of children. */
export const startErrand = (id: string, childrenCount: number): ErrandCommand => ({
  name: "Start",
  plan: {
    namespace: "default",
    id,
    children: Array.from({ length: childrenCount }, (_, index) => ({ target: errandRef(`c-${index}`), runMs: 1_000 })),
  },
});

/** One more child of an errand has ended: each such command is one event. */
export const childEnded = (index: number): ErrandCommand => ({ name: "ChildEnded", childId: `c-${index}` });

/** Actors of the errand `p` in several processes over one log. */
export interface ActorHarness {
  readonly sim: SimulatedCluster;
  /** An actor in a separate process; its clock is `skewMs` ahead. */
  actor(by: string, options?: Partial<ErrandOptions> & { readonly skewMs?: number }): ErrandActor;
  /** The same with a log that `change` derives from the real one. */
  actorOver(by: string, change: (log: EventLog) => Partial<EventLog>, options?: Partial<ErrandOptions>): ErrandActor;
  /** Advances time until the replies are there. */
  settled(...replies: readonly Promise<CommandReply>[]): Promise<readonly PromiseSettledResult<CommandReply>[]>;
  /** The commands of each commit, in order. */
  causes(): readonly string[];
}

/** Creates an empty log. */
export function actorHarness(): ActorHarness {
  const sim = createSimulatedCluster({ kinds: errandsOnly });
  const actorOver: ActorHarness["actorOver"] = (by, change, options = {}) => {
    const { log, clock, random } = sim.requester(by);
    const own = { log: { ...log, ...change(log) }, clock, random };
    const base = { ref: errandRef("p"), kind: errandKind, by, epoch: 1, isOwner: true, onCommit: () => undefined };
    return new AggregateActor({ ...base, ...own, ...options });
  };
  return {
    sim,
    actorOver,
    actor(by, { skewMs = 0, ...options } = {}) {
      const { proc, log, clock, random } = sim.requester(by);
      proc.jumpClock(skewMs);
      return actorOver(by, () => log, { clock, random, ...options });
    },
    async settled(...replies) {
      const all = Promise.allSettled(replies);
      let isDone = false;
      all.then(() => {
        isDone = true;
      });
      while (!isDone) if (!(await sim.clock.step())) await sim.clock.settle();
      return await all;
    },
    causes: () => sim.log.entries.map(({ commit }) => commit.cause.command),
  };
}
