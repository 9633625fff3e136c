import { EffectDone, EffectRefused } from "@shoal/proto";
import { type Decision, type Draft, decideWith } from "../../../decider.ts";
import type { EffectAnswered } from "../../../kind.ts";
import { type Errand, effectsOf, evolveErrand } from "./errand.ts";
import { ErrandChildEnded, ErrandEnded, type ErrandEvent, ErrandPlan, ErrandStarted } from "./events.ts";

/** The commands of an errand. */
export type ErrandCommand =
  | { readonly name: "Start"; readonly plan: ErrandPlan }
  | { readonly name: "Stop"; readonly why: string }
  /** By the child, once it is settled. */
  | { readonly name: "ChildEnded"; readonly childId: string }
  /** By the errand itself: its deadline has passed. */
  | { readonly name: "Tick" }
  | EffectAnswered;

type ErrandDraft = Draft<Errand, ErrandEvent>;

/** The result of a command. Pure; `now` in milliseconds since the epoch. */
export function decideErrand(errand: Errand | undefined, command: ErrandCommand, now: number): Decision<ErrandEvent> {
  return decideWith<Errand, ErrandEvent>(evolveErrand, errand, {
    now,
    decide(draft) {
      const act: (command: never, draft: ErrandDraft) => void = decisions[command.name];
      act(command as never, draft);
      conclude(draft);
    },
  });
}

type Decisions = {
  readonly [N in ErrandCommand["name"]]: (command: Extract<ErrandCommand, { name: N }>, draft: ErrandDraft) => void;
};

const decisions: Decisions = {
  Start({ plan }, draft) {
    const { state } = draft;
    if (state !== undefined) {
      // A repeated start is done already.
      if (textOf(state.plan) !== textOf(plan)) draft.refuse("JOB_EXISTS", `errand ${plan.id} has another plan`);
      return;
    }
    if (plan.refuses === true) draft.refuse("INVALID_SPEC", `errand ${plan.id} refuses to start`);
    draft.emit(ErrandStarted.of(plan));
  },
  Stop({ why }, draft) {
    if (known(draft).outcome === undefined) draft.emit(ErrandEnded.of({ outcome: "stopped", why }));
  },
  ChildEnded({ childId }, draft) {
    const { plan, children } = known(draft);
    const child = children.get(childId) ?? draft.refuse("NOT_FOUND", `errand ${plan.id} has no child ${childId}`);
    if (child.state !== "over") draft.emit(ErrandChildEnded.of({ childId }));
  },
  Tick(_, draft) {
    const { plan, outcome } = known(draft);
    if (outcome !== undefined || plan.endsAt === undefined || draft.now < plan.endsAt) return;
    draft.emit(ErrandEnded.of({ outcome: plan.children.length === 0 ? "completed" : "expired", why: "time is up" }));
  },
  EffectAnswered({ effectId, refusal }, draft) {
    // No longer open: the child reported its end before the answer came.
    if (!effectsOf(known(draft)).some(({ id }) => id === effectId)) return;
    draft.emit(refusal === undefined ? EffectDone.of({ effectId }) : EffectRefused.of({ effectId, ...refusal }));
  },
};

// In the order of the schema, for every sender.
const textOf = (plan: ErrandPlan): string => JSON.stringify(ErrandPlan.parse(plan));

const known = (draft: ErrandDraft): Errand => draft.state ?? draft.refuse("NOT_FOUND", "there is no such errand");

/** An errand with children ends when all of them have ended. */
function conclude(draft: ErrandDraft): void {
  const { state } = draft;
  if (state === undefined || state.outcome !== undefined || state.children.size === 0) return;
  if ([...state.children.values()].every((child) => child.state === "over"))
    draft.emit(ErrandEnded.of({ outcome: "completed", why: "every child is over" }));
}
