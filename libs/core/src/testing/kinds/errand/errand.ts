import type { AggregateRef } from "@shoal/proto";
import type { Moment } from "../../../decider.ts";
import type { Effect } from "../../../kind.ts";
import type { ErrandChild, ErrandEvent, ErrandPlan } from "./events.ts";

/**
 * An aggregate for tests: it submits children and waits for them. A child is another errand, which ends by its deadline and reports to
 * its parent; or an aggregate that is missing, unreadable or refuses.
 */
export interface Errand {
  readonly plan: ErrandPlan;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly outcome: "completed" | "expired" | "stopped" | undefined;
  /** By the id of the child. */
  readonly children: ReadonlyMap<string, ErrandChildState>;
  /** The parent has been informed or has refused; or there is no parent. */
  readonly isParentInformed: boolean;
}

export interface ErrandChildState {
  readonly child: ErrandChild;
  /** Starting and stopping: an effect is open. */
  readonly state: "starting" | "running" | "stopping" | "over";
}

/** Folds one event in; undefined when it cannot follow. */
export function evolveErrand(errand: Errand | undefined, event: ErrandEvent, { at }: Moment): Errand | undefined {
  if (event.type === "ErrandStarted") return errand === undefined ? started(event.data, at) : undefined;
  if (errand === undefined) return undefined;
  if (event.type === "ErrandEnded") return errand.outcome === undefined ? ended(errand, event.data.outcome) : undefined;
  if (event.type === "ErrandChildEnded") return withChild(errand, event.data.childId, "over");
  return answered(errand, event.data.effectId, event.type === "EffectDone");
}

function started(plan: ErrandPlan, startedAt: number): Errand {
  const children = plan.children.map((child) => [child.target.id, { child, state: "starting" }] as const);
  const isParentInformed = plan.parent === undefined;
  return { plan, startedAt, outcome: undefined, children: new Map(children), isParentInformed };
}

/** Running children are to stop from now on; starting ones, once they have started. */
function ended(errand: Errand, outcome: Errand["outcome"]): Errand {
  const children = [...errand.children].map(
    ([id, each]) => [id, each.state === "running" ? { ...each, state: "stopping" as const } : each] as const,
  );
  return { ...errand, outcome, children: new Map(children) };
}

function answered(errand: Errand, effectId: string, isDone: boolean): Errand | undefined {
  if (effectId === informIdOf(errand)) return { ...errand, isParentInformed: true };
  const [childId, before] = [...errand.children].find(([, each]) => childEffectIdOf(errand, each) === effectId) ?? [];
  if (childId === undefined || before === undefined) return undefined;
  const runs = isDone && before.state === "starting";
  return withChild(errand, childId, runs ? (errand.outcome === undefined ? "running" : "stopping") : "over");
}

function withChild(errand: Errand, childId: string, state: ErrandChildState["state"]): Errand | undefined {
  const before = errand.children.get(childId);
  if (before === undefined || before.state === "over") return undefined;
  return { ...errand, children: new Map(errand.children).set(childId, { ...before, state }) };
}

const informIdOf = ({ plan }: Errand): string => `${plan.id}/inform`;

const childEffectIdOf = ({ plan }: Errand, { child, state }: ErrandChildState): string =>
  `${plan.id}/${child.target.id}/${state}`;

const refOf = ({ namespace, id }: ErrandPlan): AggregateRef => ({ kind: "errand", namespace, id });

/** The effects without an answer. The report to the parent comes when no other effect is open. */
export function effectsOf(errand: Errand): readonly Effect[] {
  const { plan, outcome, children, isParentInformed } = errand;
  const open = [...children.values()].flatMap((each) => childEffects(errand, each));
  if (open.length > 0 || outcome === undefined || isParentInformed || plan.parent === undefined) return open;
  const command = { name: "ChildEnded", childId: plan.id };
  return [{ id: informIdOf(errand), target: plan.parent, command }];
}

function childEffects(errand: Errand, each: ErrandChildState): readonly Effect[] {
  const { child, state } = each;
  const commands: Readonly<Partial<Record<ErrandChildState["state"], Effect["command"]>>> = {
    starting: startOf(errand, child),
    stopping: stopOf(errand),
  };
  const command = commands[state];
  return command === undefined ? [] : [{ id: childEffectIdOf(errand, each), target: child.target, command }];
}

// Derived from the parent's state only: the same effect is always the same command.
const startOf = ({ plan, startedAt }: Errand, { target, runMs, refuses }: ErrandChild) => ({
  name: "Start",
  plan: {
    namespace: target.namespace,
    id: target.id,
    parent: refOf(plan),
    children: [],
    endsAt: startedAt + runMs,
    ...(refuses === undefined ? {} : { refuses }),
  } satisfies ErrandPlan,
});

const stopOf = ({ plan }: Errand) => ({ name: "Stop", why: `errand ${plan.id} has ended` });
