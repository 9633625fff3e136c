import { defineEvent, type EventOf } from "@shoal/proto";
import { z } from "zod";
import { decideWith, type Moment } from "../../decider.ts";
import type { Kind } from "../../kind.ts";
import { decideErrand, type ErrandCommand } from "./errand/decide.ts";
import { type Errand, evolveErrand } from "./errand/errand.ts";
import type { ErrandEvent } from "./errand/events.ts";
import { errandKind } from "./errand/kind.ts";

/** An event that this version does not know. */
const ErrandNoted = defineEvent("ErrandNoted", z.object({ note: z.string() }));

/** An errand of the next version. */
export interface NextErrand extends Errand {
  readonly noted?: readonly string[];
}

type NextErrandEvent = ErrandEvent | EventOf<typeof ErrandNoted>;
type NextErrandCommand = ErrandCommand | { readonly name: "Note"; readonly note: string };

function evolveNext(errand: NextErrand | undefined, event: NextErrandEvent, moment: Moment): NextErrand | undefined {
  if (event.type !== "ErrandNoted") return evolveErrand(errand, event, moment);
  return errand?.outcome === undefined && errand !== undefined
    ? { ...errand, noted: [...(errand.noted ?? []), event.data.note] }
    : undefined;
}

/**
 * Errands with one more command and one more event. Like `pebbleKind` it sets no feature level: a client's request writes the new event at
 * once, so that requesters of this version read what they do not know.
 */
export const nextErrandKind: Kind<NextErrand, NextErrandCommand, NextErrandEvent> = {
  ...errandKind,
  events: [...errandKind.events, ErrandNoted],
  evolve: evolveNext,
  decide: (errand, command, now) =>
    command.name === "Note"
      ? decideWith<NextErrand, NextErrandEvent>(evolveNext, errand, {
          now,
          decide: (draft) => draft.emit(ErrandNoted.of({ note: command.note })),
        })
      : decideErrand(errand, command, now),
  accepts: { ...errandKind.accepts, Note: z.object({ name: z.literal("Note"), note: z.string() }) },
};

/** A kind that this version does not know. */
export const pebbleKind: Kind<Errand, ErrandCommand, ErrandEvent> = { ...errandKind, name: "pebble" };
