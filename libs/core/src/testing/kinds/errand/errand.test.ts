import { EffectDone, EffectRefused } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import type { World } from "../../../kind.ts";
import { folded } from "../../given.ts";
import { createPrng } from "../../prng.ts";
import { sampleAt } from "../../samples.ts";
import { decideErrand, type ErrandCommand } from "./decide.ts";
import { type Errand, effectsOf, evolveErrand } from "./errand.ts";
import {
  ErrandChildEnded,
  ErrandEnded,
  type ErrandEvent,
  type ErrandPlan,
  ErrandStarted,
  errandEvents,
} from "./events.ts";
import { errandKind } from "./kind.ts";

const target = (id: string) => ({ kind: "errand", namespace: "default", id });
const child = (id: string, more: object = {}) => ({ target: target(id), runMs: 1_000, ...more });
const leaf: ErrandPlan = {
  namespace: "default",
  id: "c-1",
  parent: target("p"),
  children: [],
  endsAt: sampleAt + 1_000,
};
const parent: ErrandPlan = { namespace: "default", id: "p", children: [child("c-1"), child("c-2", { refuses: true })] };

const nowhere: World = { isGone: () => false, nodes: () => [], settled: () => true };

function given(...history: readonly ErrandEvent[]) {
  const state = folded(evolveErrand, history);
  return {
    effects: state === undefined ? [] : effectsOf(state).map(({ id, command }) => `${command.name} ${id}`),
    isSettled: state !== undefined && errandKind.isSettled(state),
    reaction: (now = sampleAt) => (state === undefined ? undefined : errandKind.react(state, nowhere, now)),
    when: (command: ErrandCommand, now = sampleAt) => decideErrand(state, command, now),
  };
}

const came = (...events: readonly ErrandEvent[]) => ({ ok: true, events });
const refused = (code: string) => ({ ok: false, rejection: { code } });
const answer = (effectId: string, refusal?: { code: string; why: string }): ErrandCommand => ({
  name: "EffectAnswered",
  effectId,
  refusal,
});

const started = ErrandStarted.of(parent);
const startedLeaf = ErrandStarted.of(leaf);
const stopped = ErrandEnded.of({ outcome: "stopped", why: "enough" });
const done = (effectId: string) => EffectDone.of({ effectId });
const no = { code: "INVALID_SPEC", why: "it refuses" };
const allOver = ErrandEnded.of({ outcome: "completed", why: "every child is over" });

describe("an errand", () => {
  it("starts, and ignores a repeated start", () => {
    expect(given().when({ name: "Start", plan: parent })).toEqual(came(started));
    expect(given(started).when({ name: "Start", plan: structuredClone(parent) })).toEqual(came());
  });
  it("refuses another plan under its id, and a plan that refuses", () => {
    expect(given(started).when({ name: "Start", plan: { ...parent, endsAt: 1 } })).toMatchObject(refused("JOB_EXISTS"));
    expect(given().when({ name: "Start", plan: { ...leaf, refuses: true } })).toMatchObject(refused("INVALID_SPEC"));
  });
  it("starts its children, with a deterministic plan and ids", () => {
    expect(given(started).effects).toEqual(["Start p/c-1/starting", "Start p/c-2/starting"]);
    expect(given(started).reaction()?.effects[0]).toEqual({
      id: "p/c-1/starting",
      target: target("c-1"),
      command: { name: "Start", plan: leaf },
    });
    expect(given(started).reaction(sampleAt + 5_000)?.effects).toEqual(given(started).reaction()?.effects);
  });
  it("waits for a child that has started, and counts a refused one as ended", () => {
    const one = given(started, done("p/c-1/starting"));
    expect(one.effects).toEqual(["Start p/c-2/starting"]);
    expect(one.when(answer("p/c-2/starting", no))).toEqual(
      came(EffectRefused.of({ effectId: "p/c-2/starting", ...no })),
    );
  });
  it("ends with the last child, by a report or by a refusal", () => {
    const refusal = EffectRefused.of({ effectId: "p/c-2/starting", ...no });
    expect(given(started, done("p/c-1/starting"), refusal).when({ name: "ChildEnded", childId: "c-1" })).toEqual(
      came(ErrandChildEnded.of({ childId: "c-1" }), allOver),
    );
    expect(given(started, ErrandChildEnded.of({ childId: "c-1" })).when(answer("p/c-2/starting", no))).toEqual(
      came(refusal, allOver),
    );
  });
  it("accepts the end of a child whose start is not answered yet, and ignores the later answer", () => {
    const collected = given(started, ErrandChildEnded.of({ childId: "c-1" }));
    expect(collected.effects).toEqual(["Start p/c-2/starting"]);
    expect(collected.when(answer("p/c-1/starting"))).toEqual(came());
    expect(collected.when({ name: "ChildEnded", childId: "c-1" })).toEqual(came());
  });
  it("refuses the end of a child that is not its own", () => {
    expect(given(started).when({ name: "ChildEnded", childId: "c-9" })).toMatchObject(refused("NOT_FOUND"));
  });
  it.each<ErrandCommand>([
    { name: "Stop", why: "" },
    { name: "ChildEnded", childId: "c-1" },
    { name: "Tick" },
    answer("p/inform"),
  ])("refuses $name when it does not exist", (command) => {
    expect(given().when(command)).toMatchObject(refused("NOT_FOUND"));
  });
  it("stops at once, and its running or starting children afterwards", () => {
    expect(given(started).when({ name: "Stop", why: "enough" })).toEqual(came(stopped));
    expect(given(started, stopped).when({ name: "Stop", why: "again" })).toEqual(came());
    const running = given(started, done("p/c-1/starting"), stopped);
    expect(running.effects).toEqual(["Stop p/c-1/stopping", "Start p/c-2/starting"]);
    expect(given(started, stopped, done("p/c-1/starting")).effects).toContain("Stop p/c-1/stopping");
  });
  it("is settled when no effect is open, also with ended or unknown children", () => {
    const refusal = EffectRefused.of({ effectId: "p/c-2/starting", ...no });
    const stopping = [started, done("p/c-1/starting"), refusal, stopped] as const;
    expect(given(...stopping).isSettled).toBe(false);
    expect(given(...stopping, done("p/c-1/stopping")).isSettled).toBe(true);
    const unknown = EffectRefused.of({ effectId: "p/c-1/stopping", code: "NOT_FOUND", why: "" });
    expect(given(...stopping, unknown).isSettled).toBe(true);
    expect(given(...stopping, ErrandChildEnded.of({ childId: "c-1" })).isSettled).toBe(true);
  });
  it("ends by its deadline, and reports to its parent until it is answered", () => {
    expect(given(startedLeaf).reaction(sampleAt)).toMatchObject({ commands: [], nextAt: leaf.endsAt });
    expect(given(startedLeaf).when({ name: "Tick" }, sampleAt + 999)).toEqual(came());
    expect(given(startedLeaf).reaction(sampleAt + 1_000)).toMatchObject({ commands: [{ name: "Tick" }] });
    const over = ErrandEnded.of({ outcome: "completed", why: "time is up" });
    expect(given(startedLeaf).when({ name: "Tick" }, sampleAt + 1_000)).toEqual(came(over));
    expect(given(startedLeaf, over)).toMatchObject({ effects: ["ChildEnded c-1/inform"], isSettled: false });
    for (const answered of [done("c-1/inform"), EffectRefused.of({ effectId: "c-1/inform", ...no })])
      expect(given(startedLeaf, over, answered)).toMatchObject({ effects: [], isSettled: true });
  });
  it("reports to its parent only when its children are settled", () => {
    const middle = ErrandStarted.of({ ...parent, children: [child("c-1")], parent: target("top") });
    const ended = [middle, done("p/c-1/starting"), stopped] as const;
    expect(given(...ended).effects).toEqual(["Stop p/c-1/stopping"]);
    expect(given(...ended, done("p/c-1/stopping")).effects).toEqual(["ChildEnded p/inform"]);
  });
  it("with a deadline ends in any state of its children", () => {
    const bounded = ErrandStarted.of({ ...parent, endsAt: sampleAt + 5 });
    const expired = ErrandEnded.of({ outcome: "expired", why: "time is up" });
    expect(given(bounded).when({ name: "Tick" }, sampleAt + 5)).toEqual(came(expired));
    expect(given(bounded, expired).reaction()).toMatchObject({ commands: [], nextAt: undefined });
  });
  it("has a schema that reads each of its events back unchanged", () => {
    const samples = [started, startedLeaf, stopped, ErrandChildEnded.of({ childId: "c" })];
    for (const { type, data } of samples)
      expect(errandEvents.find(({ name }) => name === type)?.data.parse(JSON.parse(JSON.stringify(data)))).toEqual(
        data,
      );
  });
});

describe("errands whose effects are delivered in any order, late and repeatedly", () => {
  it.each(Array.from({ length: 50 }, (_, seed) => seed))(
    "all settle except those that wait for a blocked child (%i)",
    (seed) => {
      const prng = createPrng(seed);
      const errands = new Map<string, Errand>();
      const starts = new Map<string, number>();
      let now = sampleAt;
      const isBlocked = (id: string) => id.endsWith("blocked");
      const decide = (id: string, command: ErrandCommand) => {
        const decision = decideErrand(errands.get(id), command, now);
        for (const event of decision.ok ? decision.events : []) {
          if (event.type === "ErrandStarted") starts.set(id, (starts.get(id) ?? 0) + 1);
          const after = evolveErrand(errands.get(id), event, { at: now, seq: 0 });
          if (after === undefined) throw new Error(`${event.type} cannot follow`);
          errands.set(id, after);
        }
        return decision;
      };
      const plans = Array.from({ length: 4 }, (_, n): ErrandPlan => {
        const ids = Array.from(
          { length: prng.between(1, 4) },
          (__, c) => `p${n}-${c}${prng.happens(0.1) ? "blocked" : ""}`,
        );
        const children = ids.map((id) =>
          child(id, prng.happens(0.2) ? { refuses: true } : { runMs: prng.between(0, 3_000) }),
        );
        return {
          namespace: "default",
          id: `p${n}`,
          children,
          ...(prng.happens(0.3) ? { endsAt: sampleAt + 1_500 } : {}),
        };
      });
      for (const plan of plans) decide(plan.id, { name: "Start", plan });
      for (let round = 0; round < 400; round++) {
        now += prng.between(0, 50);
        for (const [id, errand] of prng.happens(0.5) ? [...errands] : [...errands].toReversed()) {
          const { effects, commands } = errandKind.react(errand, nowhere, now);
          for (const command of commands) decide(id, command);
          for (const effect of effects.filter(({ target: { id: to } }) => prng.happens(0.5) && !isBlocked(to))) {
            const decision = decide(effect.target.id, effect.command as ErrandCommand);
            // The answer may be lost: then the effect is delivered again.
            if (prng.happens(0.7)) decide(id, answer(effect.id, decision.ok ? undefined : decision.rejection));
          }
        }
        if (prng.happens(0.01)) decide("p0", { name: "Stop", why: "enough" });
      }
      expect([...starts.values()].every((count) => count === 1)).toBe(true);
      for (const [id, errand] of errands) {
        const waits = [...errand.children.keys()].some(isBlocked);
        expect([id, errandKind.isSettled(errand)]).toEqual([id, !waits]);
        if (waits) expect(effectsOf(errand).every(({ target: { id: to } }) => isBlocked(to))).toBe(true);
      }
    },
  );
});
