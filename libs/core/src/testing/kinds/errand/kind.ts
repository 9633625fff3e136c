import { z } from "zod";
import type { Kind, Reaction, World } from "../../../kind.ts";
import { decideErrand, type ErrandCommand } from "./decide.ts";
import { type Errand, effectsOf, evolveErrand } from "./errand.ts";
import { type ErrandEvent, errandEvents } from "./events.ts";

const named = <N extends string>(name: N) => z.object({ name: z.literal(name) });

/** Errands: the kind with which tests of owners and of the simulator exercise effects. */
export const errandKind: Kind<Errand, ErrandCommand, ErrandEvent> = {
  name: "errand",
  isNamespaced: true,
  events: errandEvents,
  decide: decideErrand,
  evolve: evolveErrand,
  react,
  isEnded: ({ outcome }) => outcome !== undefined,
  isSettled: (errand) => errand.outcome !== undefined && effectsOf(errand).length === 0,
  nodesOf: () => [],
  views: [],
  creates: ["Start"],
  accepts: {
    Stop: named("Stop").extend({ why: z.string() }),
    ChildEnded: named("ChildEnded").extend({ childId: z.string() }),
  },
};

function react(errand: Errand, _world: World, now: number): Reaction<ErrandCommand> {
  const { plan, outcome } = errand;
  const endsAt = outcome === undefined ? plan.endsAt : undefined;
  const isDue = endsAt !== undefined && endsAt <= now;
  return {
    slots: [],
    effects: effectsOf(errand),
    commands: isDue ? [{ name: "Tick" }] : [],
    nextAt: isDue ? undefined : endsAt,
  };
}
