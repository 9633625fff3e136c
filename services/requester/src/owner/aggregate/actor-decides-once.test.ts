import { Bug, commandIdsMax, type EventLog, Fault } from "@shoal/core";
import { describe, expect, it, vi } from "vitest";
import { testClient as actor, actorHarness, childEnded, startErrand } from "../../testing/actor-harness.ts";

const fulfilled = (seq: number | undefined, changed = true) => ({
  status: "fulfilled",
  value: { ok: true, seq, changed },
});

describe("a command with an id", () => {
  it("is decided once: repeated, it is answered with the position of its commit", async () => {
    const { sim, actor: newActor, settled } = actorHarness();
    const one = newActor("a");
    const start = { command: startErrand("p", 3), id: "start", actor };
    await settled(one.command(start), one.command(start));
    await settled(one.command({ command: childEnded(0), actor }));
    const first = sim.log.entries[0]?.seq;
    expect(await settled(one.command(start))).toEqual([fulfilled(first)]);
    expect(sim.log.entries).toHaveLength(2);
  });

  it("is decided once also when another process gets the repeat, with and without the lease", async () => {
    const { sim, actor: newActor, settled } = actorHarness();
    await settled(newActor("a").command({ command: startErrand("p", 3), id: "start", actor }));
    const end = { command: childEnded(1), id: "end", actor };
    const other = newActor("b");
    await settled(other.refresh().then(() => other.command(end)));
    const seq = sim.log.entries[1]?.seq;
    const third = newActor("c", { isOwner: false });
    expect(await settled(third.refresh().then(() => third.command(end)))).toEqual([fulfilled(seq)]);
    const start = { command: startErrand("p", 3), id: "start", actor };
    // Decided on no state, as a creation is: the conflict shows that the aggregate exists.
    expect(await settled(newActor("d", { isOwner: false }).command(start))).toEqual([
      fulfilled(sim.log.entries[0]?.seq),
    ]);
    expect(sim.log.entries).toHaveLength(2);
  });

  it("is remembered for the last 64 ids", async () => {
    const { sim, actor: newActor, settled } = actorHarness();
    const one = newActor("a");
    const stop = { command: { name: "Stop", why: "enough" } as const, id: "stop", actor };
    await settled(one.command({ command: startErrand("p", 100), id: "start", actor }), one.command(stop));
    const others = Array.from({ length: commandIdsMax - 1 }, (_, n) => n);
    await settled(...others.map((n) => one.command({ command: childEnded(n), id: `end-${n}`, actor })));
    const known = newActor("b");
    await settled(known.refresh().then(() => known.command(stop)));
    expect(await settled(known.command(stop))).toEqual([fulfilled(sim.log.entries[1]?.seq)]);
    await settled(one.command({ command: childEnded(99), id: "one-more", actor }));
    expect(await settled(one.command(stop))).toEqual([fulfilled(sim.log.entries.at(-1)?.seq, false)]);
  });

  it("has its own commit; commands without an id share a commit when the same actor gives them", async () => {
    const { actor: newActor, settled, causes } = actorHarness();
    const one = newActor("a");
    const node = { type: "node", id: "n-one" } as const;
    await settled(
      one.command({ command: startErrand("p", 9), id: "start", actor }),
      one.command({ command: childEnded(0), actor: node }),
      one.command({ command: childEnded(1), actor }),
      one.command({ command: childEnded(2), actor: { ...node } }),
      one.command({ command: { name: "Stop", why: "x" }, id: "stop", actor }),
      one.command({ command: childEnded(3), actor }),
    );
    expect(causes()).toEqual(["Start", "ChildEnded+ChildEnded", "ChildEnded", "Stop", "ChildEnded"]);
  });
});

it("a commit is never earlier than the one before it, though the clocks of requesters differ", async () => {
  const { sim, actor: newActor, settled } = actorHarness();
  await settled(newActor("fast", { skewMs: 60_000 }).command({ command: startErrand("p", 3), id: "start", actor }));
  const slow = newActor("slow", { skewMs: -60_000 });
  await settled(slow.refresh().then(() => slow.command({ command: childEnded(0), id: "end", actor })));
  const [first, second] = sim.log.entries.map(({ commit }) => commit.at);
  expect(second).toBe(first);
  // What is due is judged by the same time.
  expect(slow.now()).toBe(first);
});

describe("a conflict", () => {
  it("without any new commit ends after five tries with pauses, for each command", async () => {
    const { sim, actorOver, settled } = actorHarness();
    let appends = 0;
    const append: EventLog["append"] = async () => {
      appends += 1;
      throw new Fault("REVISION_CONFLICT", "not at this position");
    };
    const one = actorOver("a", () => ({ append }));
    for (const round of [1, 2]) {
      const startedAt = sim.clock.now();
      const given = { command: startErrand("p", 1), id: `start-${round}`, actor };
      expect(await settled(one.command(given))).toMatchObject([{ reason: { code: "REVISION_CONFLICT" } }]);
      expect(appends).toBe(5 * round);
      expect(sim.clock.now() - startedAt).toBeGreaterThanOrEqual(4 * 25);
    }
  });

  it("on a log that then does not answer ends a command without the lease with that", async () => {
    const { actorOver, settled } = actorHarness();
    const away = (): Partial<EventLog> => ({
      append: () => Promise.reject(new Fault("REVISION_CONFLICT", "not at this position")),
      load: () => Promise.reject(new Fault("LOG_UNREACHABLE", "no answer came")),
    });
    const one = actorOver("a", away, { isOwner: false });
    const given = { command: startErrand("p", 1), id: "start", actor };
    expect(await settled(one.command(given))).toMatchObject([{ reason: { code: "LOG_UNREACHABLE" } }]);
  });

  /** A log on which another requester is faster this number of times. */
  function contested(losses: number) {
    const harness = actorHarness();
    const other = harness.actor("owner");
    const state = { tries: 0 };
    const change = (log: EventLog): Partial<EventLog> => ({
      async append(...given) {
        if (state.tries++ < losses) await other.command({ command: childEnded(state.tries), actor });
        return await log.append(...given);
      },
    });
    const rival = (isOwner: boolean) => harness.actorOver("a", change, { isOwner });
    return { ...harness, other, state, rival };
  }

  it.each([true, false])("with one that was faster 20 times does not end the command (owner: %s)", async (isOwner) => {
    const { sim, other, state, rival, settled } = contested(20);
    await settled(other.command({ command: startErrand("p", 100), id: "start", actor }));
    const startedAt = sim.clock.now();
    const stop = { command: { name: "Stop", why: "enough" }, id: "stop", actor } as const;
    const one = rival(isOwner);
    const reply = await settled(one.refresh().then(() => one.command(stop)));
    expect([reply, state.tries]).toEqual([[fulfilled(sim.log.entries.at(-1)?.seq)], 21]);
    // 15 of them came after a pause.
    expect(sim.clock.now() - startedAt).toBeGreaterThan(15 * 25);
  });

  it("with one that is always faster ends a command without the lease", async () => {
    const { other, state, rival, settled } = contested(Number.POSITIVE_INFINITY);
    await settled(other.command({ command: startErrand("p", 100), id: "start", actor }));
    const one = rival(false);
    const given = { command: { name: "Stop", why: "enough" }, id: "stop", actor } as const;
    const [reply] = await settled(one.refresh().then(() => one.command(given)));
    expect(reply).toMatchObject({ reason: { code: "REVISION_CONFLICT" } });
    expect(state.tries).toBe(24);
  });
});

it.each([true, false])(
  "a commit whose acknowledgement was lost is not written twice (with an id: %s)",
  async (hasId) => {
    const { sim, actorOver, settled, causes } = actorHarness();
    let lost = 0;
    const one = actorOver("a", (log) => ({
      async append(...given) {
        const streamHead = await log.append(...given);
        if (lost++ < 2) throw new Fault("LOG_UNREACHABLE", "no answer");
        return streamHead;
      },
    }));
    const given = { command: startErrand("p", 1), ...(hasId ? { id: "start" } : {}), actor };
    expect(await settled(one.command(given))).toEqual([fulfilled(sim.log.entries[0]?.seq, hasId)]);
    expect(causes()).toEqual(["Start"]);
  },
);

describe("a callback that fails after a commit", () => {
  it.each([
    ["a TypeError", new TypeError("it is undefined")],
    ["a Fault with the code of a failed append", new Fault("REVISION_CONFLICT", "elsewhere")],
  ])("with %s does not fail the command, and does not repeat it", async (_, failure) => {
    const { sim, actor: newActor, settled, causes } = actorHarness();
    const failed: unknown[] = [];
    const one = newActor("a", {
      onCommit: () => {
        throw failure;
      },
      onFailed: (each) => void failed.push(each),
    });
    const reply = await settled(one.command({ command: startErrand("p", 1), actor }));
    expect([reply, causes(), failed]).toEqual([[fulfilled(sim.log.entries[0]?.seq)], ["Start"], [failure]]);
    await settled(one.command({ command: childEnded(0), actor }));
    expect(causes()).toEqual(["Start", "ChildEnded"]);
  });

  it("with a Bug ends the process", async () => {
    const { actor: newActor, settled } = actorHarness();
    const deferred = vi.spyOn(globalThis, "queueMicrotask").mockImplementation(() => undefined);
    const bug = new Bug("a view that cannot be");
    const one = newActor("a", {
      onCommit: () => {
        throw bug;
      },
    });
    await settled(one.command({ command: startErrand("p", 1), actor }));
    const thrown = deferred.mock.calls.map(([callback]) => callback);
    deferred.mockRestore();
    expect(thrown).toHaveLength(1);
    expect(thrown[0]).toThrow(bug);
  });
});

it("applies a commit of another requester that arrives while its own command fails", async () => {
  const { sim, actor: newActor, actorOver, settled } = actorHarness();
  const other = newActor("b");
  await settled(other.command({ command: startErrand("p", 3), id: "start", actor }));
  const folded: number[] = [];
  let absorbed: Promise<void> | undefined;
  const one = actorOver(
    "a",
    () => ({
      async append() {
        await other.command({ command: childEnded(0), actor });
        for (const stored of sim.log.entries.slice(1)) absorbed = one.absorb(stored);
        throw new Fault("TOO_LARGE", "too large");
      },
    }),
    { onCommit: ({ stored }) => void folded.push(stored.seq) },
  );
  const given = { command: childEnded(1), actor };
  const [reply] = await settled(one.refresh().then(() => one.command(given)));
  expect(reply).toMatchObject({ reason: { code: "TOO_LARGE" } });
  await absorbed;
  expect(folded).toEqual(sim.log.entries.map(({ seq }) => seq));
});
