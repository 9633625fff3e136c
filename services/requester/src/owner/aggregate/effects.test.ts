import type { Kind } from "@shoal/core";
import { registry } from "@shoal/core";
import { type ErrandCommand, type ErrandPlan, errandKind } from "@shoal/core/testing";
import { type AggregateRef, commitVersion } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import {
  client,
  jobIds,
  knownKinds,
  type OwnedShard,
  type ShardHarness,
  shardHarness,
} from "../../testing/shard-harness.ts";

const [parent = "", ...children] = jobIds(6);
const errand = (id: string): AggregateRef => ({ kind: "errand", namespace: "default", id });

/** An errand that starts its children; those named refuse. */
function start(refusing: readonly string[] = []): ErrandCommand {
  const plan: ErrandPlan = {
    namespace: "default",
    id: parent,
    children: children.map((id) => ({
      target: errand(id),
      runMs: 1_000,
      ...(refusing.includes(id) ? { refuses: true } : {}),
    })),
  };
  return { name: "Start", plan };
}

/** Sends a client's command to an errand. */
const giver =
  ({ until }: ShardHarness, { shard }: OwnedShard) =>
  (id: string, command: ErrandCommand) =>
    until(shard.command({ aggregate: errand(id), command, id: `${id} ${command.name}`, actor: client }));

/** The events of an errand, each with its effect's id. */
const eventsOf = ({ sim }: ShardHarness, id: string) =>
  sim.log
    .load(errand(id), 0)
    .flatMap(({ commit }) => commit.events.map(({ type, data }) => `${type} ${Object(data).effectId ?? ""}`.trim()));

const countOf = (all: readonly string[], one: string) => all.filter((each) => each === one).length;

/** The invariants once everything is settled. */
function expectSettledOnce(harness: ShardHarness): void {
  const ended = eventsOf(harness, parent);
  expect(countOf(ended, "ErrandEnded")).toBe(1);
  expect(new Set(ended).size + countOf(ended, "ErrandChildEnded") - 1).toBe(ended.length);
  expect(countOf(ended, "ErrandChildEnded")).toBe(children.length);
  for (const id of children) {
    const all = eventsOf(harness, id);
    expect(all).toEqual(["ErrandStarted", "ErrandEnded", `EffectDone ${id}/inform`]);
    expect(harness.sim.log.load(errand(id), 0)[0]?.commit.cause.id).toBe(`${parent}/${id}/starting`);
  }
}

describe("effects", () => {
  it("are delivered once each, by their ids, until everything is settled", async () => {
    const harness = shardHarness();
    const owned = await harness.open("a");
    await giver(harness, owned)(parent, start());
    await harness.sim.clock.advance(10_000);
    expectSettledOnce(harness);
    expect(owned.shard.size()).toBe(0);
  });

  it("that are refused become EffectRefused, and those to ended receivers are done", async () => {
    const harness = shardHarness();
    const owned = await harness.open("a");
    const [refusing = "", ...others] = children;
    await giver(harness, owned)(parent, start([refusing]));
    await harness.sim.clock.advance(500);
    await giver(harness, owned)(others[0] ?? "", { name: "Stop", why: "by hand" });
    await giver(harness, owned)(parent, { name: "Stop", why: "enough" });
    await harness.sim.clock.advance(10_000);
    const all = eventsOf(harness, parent);
    expect(countOf(all, `EffectRefused ${parent}/${refusing}/starting`)).toBe(1);
    expect(harness.sim.log.load(errand(refusing), 0)).toEqual([]);
    expect([countOf(all, "ErrandEnded"), owned.shard.size()]).toEqual([1, 0]);
  });

  it("to a receiver in quarantine are repeated with back-off, and block no other", async () => {
    const harness = shardHarness();
    const { sim } = harness;
    const [blocked = "", ...others] = children;
    sim.log.put(errand(blocked), JSON.stringify({ v: commitVersion + 1 }));
    const tries: number[] = [];
    const owned = await harness.open("a", {
      change: ({ log }) => ({
        log: {
          ...log,
          append: (aggregate, ...given) => {
            if (aggregate.id === blocked) tries.push(sim.clock.now());
            return log.append(aggregate, ...given);
          },
        },
      }),
    });
    await giver(harness, owned)(parent, start());
    await sim.clock.advance(5_000);
    for (const id of others) expect(eventsOf(harness, id)).toContain("ErrandEnded");
    expect(countOf(eventsOf(harness, parent), "ErrandChildEnded")).toBe(others.length);
    await sim.clock.advance(600_000);
    // 0.5, 1, 2 … 16 seconds and then every 30: about 25 in ten minutes.
    expect(tries.length).toBeGreaterThan(15);
    expect(tries.length).toBeLessThan(30);
    expect(owned.warnings.filter((each) => each.includes("deliver an effect"))).toHaveLength(1);
    const before = tries.length;
    await harness.until(owned.shard.close());
    await sim.clock.advance(600_000);
    expect(tries).toHaveLength(before);
  });

  it("are repeated while the log is unavailable", async () => {
    const harness = shardHarness();
    const owned = await harness.open("a");
    await giver(harness, owned)(parent, start());
    owned.ports.proc.cutUntil(harness.sim.clock.now() + 60_000);
    await harness.sim.clock.advance(59_000);
    expect(eventsOf(harness, parent)).not.toContain("ErrandEnded");
    await harness.sim.clock.advance(120_000);
    expectSettledOnce(harness);
  });

  it("whose answer the sender refuses are delivered again", async () => {
    let refusals = 0;
    const moody: typeof errandKind = {
      ...errandKind,
      decide(state, command, now) {
        if (command.name === "EffectAnswered" && command.effectId.endsWith("starting") && refusals++ < 3)
          return { ok: false, rejection: { code: "NOT_FOUND", why: "not now" } };
        return errandKind.decide(state, command, now);
      },
    };
    const kinds = registry<Kind>("kind", [...knownKinds.parts.filter(({ name }) => name !== "errand"), moody]);
    const harness = shardHarness();
    const owned = await harness.open("a", { kinds });
    await giver(harness, owned)(parent, {
      name: "Start",
      plan: { ...planOf(), children: planOf().children.map((each) => ({ ...each, runMs: 60_000 })) },
    });
    await harness.sim.clock.advance(20_000);
    expect(refusals).toBeGreaterThan(3);
    for (const id of children) expect(eventsOf(harness, parent)).toContain(`EffectDone ${parent}/${id}/starting`);
  });

  it.each(Array.from({ length: 40 }, (_, n) => n))(
    "continue under a new owner, and none is applied twice, after a kill %i milliseconds into it",
    async (ms) => {
      const harness = shardHarness();
      const { sim } = harness;
      const owned = await harness.open("a");
      await giver(harness, owned)(parent, start());
      // The first half dies around the starts, the second around the ends.
      await sim.clock.advance(ms < 20 ? ms : 980 + 2 * (ms - 20));
      owned.ports.proc.kill();
      await harness.open("b");
      await sim.clock.advance(30_000);
      expectSettledOnce(harness);
    },
  );
});

const planOf = (): ErrandPlan => {
  const command = start();
  if (command.name !== "Start") throw new Error("a start has a plan");
  return command.plan;
};
