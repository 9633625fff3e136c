import { expect, it } from "vitest";
import { testClient as actor, actorHarness, childEnded, startErrand } from "../../testing/actor-harness.ts";

/** An actor that knows the first of four commits, and the commits that it has folded in since. */
async function behind() {
  const harness = actorHarness();
  const { sim, actor: newActor, settled } = harness;
  const writer = newActor("writer");
  await settled(writer.command({ command: startErrand("p", 3), id: "start", actor }));
  const seen: number[] = [];
  const late = newActor("late", { onCommit: ({ stored }) => void seen.push(stored.seq) });
  await settled(late.refresh().then(() => ({ ok: true, seq: 0, changed: false }) as const));
  for (const index of [0, 1, 2])
    await settled(writer.command({ command: childEnded(index), id: `end-${index}`, actor }));
  const [, second, third, fourth] = sim.log.entries;
  if (second === undefined || third === undefined || fourth === undefined) throw new Error("four commits were made");
  seen.length = 0;
  return { ...harness, late, writer, seen, second, third, fourth };
}

it("a commit after a gap is folded in after the missing one, which is read from the log", async () => {
  const { late, writer, seen, second, third, fourth, settled } = await behind();
  await settled(late.absorb(third).then(() => ({ ok: true, seq: 0, changed: false }) as const));
  // The read includes every commit that the log has by then.
  expect(seen).toEqual([second.seq, third.seq, fourth.seq]);
  expect(late.state()).toEqual(writer.state());
});

it("commits that arrive during a decision are folded in first, in order and once", async () => {
  const { late, writer, seen, second, third, fourth, settled, sim } = await behind();
  const stopping = late.command({ command: { name: "Stop", why: "enough" }, id: "stop", actor });
  for (const stored of [fourth, third, fourth, second]) void late.absorb(stored);
  const [reply] = await settled(stopping);
  expect(reply).toMatchObject({ status: "fulfilled" });
  expect(seen.slice(0, 3)).toEqual([second.seq, third.seq, fourth.seq]);
  expect(seen.slice(3)).toEqual(sim.log.entries.slice(4).map(({ seq }) => seq));
  await settled(writer.refresh().then(() => ({ ok: true, seq: 0, changed: false }) as const));
  expect(late.state()).toEqual(writer.state());
});

it("a commit that was folded in before changes nothing", async () => {
  const { late, seen, fourth, settled } = await behind();
  const nothing = () => ({ ok: true, seq: 0, changed: false }) as const;
  await settled(late.refresh().then(nothing));
  seen.length = 0;
  await settled(late.absorb(fourth).then(nothing));
  expect(seen).toEqual([]);
});
