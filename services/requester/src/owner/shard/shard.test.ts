import type { ViewStore } from "@shoal/core";
import { Fault, openKeyOf } from "@shoal/core";
import { entriesOf, type SimulatedCluster } from "@shoal/core/testing";
import { executionIdOf } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import {
  client,
  jobIds,
  jobRef,
  laterKinds,
  reported,
  type ShardHarness,
  shardHarness,
  submitted,
} from "../../testing/shard-harness.ts";

const openOf = (sim: SimulatedCluster, id: string) => sim.views.open.get(openKeyOf(jobRef(id)));
const stateOf = (sim: SimulatedCluster, id: string) => {
  const entry = sim.views.jobs.get(`default.${id}`) as { job?: { state?: { stateType?: string } } } | undefined;
  return entry?.job?.state?.stateType;
};
const stop = { name: "Stop", why: "enough" } as const;

/** Twenty jobs, of which the eighth has an event of a later version. */
async function withNoted(): Promise<
  ShardHarness & { readonly ids: readonly string[]; readonly noted: string; readonly seq: number }
> {
  const harness = shardHarness();
  const ids = jobIds(20);
  for (const id of ids) await harness.give(id, submitted(id));
  const noted = ids[7] ?? "";
  return { ...harness, ids, noted, seq: harness.note(noted) };
}

describe("one aggregate among many that cannot be read", () => {
  it("is quarantined with reason and position, and the others continue", async () => {
    const { sim, ids, noted, seq, open, until } = await withNoted();
    const { shard } = await open("old");
    await sim.clock.advance(5_000);
    expect(shard.quarantined()).toMatchObject([{ aggregate: jobRef(noted), seq, code: "LOG_NEWER" }]);
    expect(openOf(sim, noted)).toMatchObject({ id: noted, quarantine: { seq, code: "LOG_NEWER" } });
    expect(shard.size()).toBe(ids.length - 1);
    for (const id of ids.filter((each) => each !== noted)) {
      const reply = until(shard.command({ aggregate: jobRef(id), command: stop, actor: client }));
      expect(await reply).toMatchObject({ ok: true });
    }
    const refused = until(shard.command({ aggregate: jobRef(noted), command: stop, actor: client }));
    await expect(refused).rejects.toMatchObject({ code: "LOG_NEWER" });
    await sim.clock.advance(5_000);
    expect(sim.log.messagesOf(jobRef(noted)).at(-1)?.seq).toBe(seq);
    expect(sim.positions.load("jobs", 3)?.eventsSeq).toBe(sim.log.messages.at(-1)?.seq);
  });

  it("is opened by a requester that can read it, and its views show the commits that the positions have passed", async () => {
    const { sim, noted, open, until } = await withNoted();
    const old = await open("old");
    await sim.clock.advance(5_000);
    expect(stateOf(sim, noted)).not.toBe("stopped");
    await until(old.shard.close());
    const { shard } = await open("new", { kinds: laterKinds });
    await sim.clock.advance(5_000);
    expect(shard.quarantined()).toEqual([]);
    expect([openOf(sim, noted), stateOf(sim, noted)]).toEqual([undefined, "stopped"]);
  });

  it("stays marked until its views show the commits that could not be read", async () => {
    const { sim, noted, seq, open, until } = await withNoted();
    const old = await open("old");
    await sim.clock.advance(5_000);
    await until(old.shard.close());
    const dead = await open("dead", {
      kinds: laterKinds,
      change: ({ views }) => ({
        views: { ...views, jobs: { ...views.jobs, put: () => new Promise<void>(() => undefined) } },
      }),
    });
    await sim.clock.advance(5_000);
    expect(openOf(sim, noted)).toMatchObject({ quarantine: { seq } });
    dead.ports.proc.kill();
    await open("new", { kinds: laterKinds });
    await sim.clock.advance(5_000);
    expect([openOf(sim, noted), stateOf(sim, noted)]).toEqual([undefined, "stopped"]);
  });

  it("is quarantined also when its message arrives live", async () => {
    const { sim, open, give, note, until } = shardHarness();
    const [id = "", other = ""] = jobIds(2);
    await give(id, submitted(id));
    const { shard } = await open("old");
    await sim.clock.advance(1_000);
    expect(shard.size()).toBe(1);
    const seq = note(id);
    await sim.clock.advance(5_000);
    expect([shard.size(), openOf(sim, id)]).toMatchObject([0, { quarantine: { seq, code: "LOG_NEWER" } }]);
    await give(other, submitted(other));
    await sim.clock.advance(5_000);
    expect(stateOf(sim, other)).toBeDefined();
    const refused = until(shard.command({ aggregate: jobRef(id), command: stop, actor: client }));
    await expect(refused).rejects.toMatchObject({ code: "LOG_NEWER" });
    expect(sim.positions.load("open", 3)?.eventsSeq).toBe(sim.log.messages.at(-1)?.seq);
  });
});

describe("a takeover", () => {
  it("writes nothing when everything is projected", async () => {
    const { sim, open, give, until } = shardHarness();
    const first = await open("a");
    for (const id of jobIds(20)) await give(id, submitted(id));
    await sim.clock.advance(5_000);
    expect(first.writes.length).toBeGreaterThanOrEqual(40);
    await until(first.shard.close());
    const second = await open("b");
    await sim.clock.advance(5_000);
    expect([second.shard.size(), second.writes]).toEqual([20, []]);
  });

  it("projects the commits after the positions, and leaves no assignment of an execution that has ended since", async () => {
    const { sim, open, give, until } = shardHarness();
    const [id = "", other = ""] = jobIds(2);
    await give(id, submitted(id));
    const first = await open("a");
    await sim.clock.advance(5_000);
    await until(first.shard.close());
    const saved = sim.positions.load("jobs", 3)?.eventsSeq;
    const placed = {
      slot: "0",
      nodeId: "n-one",
      askId: "a",
      resources: { cpuCores: 1, memoryBytes: 1, diskBytes: 0, gpus: 0 },
    };
    await give(id, { name: "Place", places: [placed], answers: [] });
    const executionId = executionIdOf({ jobId: id, version: 1, slot: "0", attempt: 1 });
    const output = {
      stdout: "",
      stdoutTruncated: false,
      stderr: "",
      stderrTruncated: false,
      exitCode: 0,
      errorMsg: "",
    };
    const report = reported({ kind: "completed", startedAt: 1, output });
    await give(id, { name: "Report", nodeId: "n-one", executionId, report });
    await give(other, submitted(other));
    const second = await open("b");
    await sim.clock.advance(5_000);
    expect(sim.log.entries.at(-1)?.seq).toBeGreaterThan(saved ?? 0);
    expect([...entriesOf(sim.views.assignments).keys()]).toEqual([]);
    expect([stateOf(sim, id), openOf(sim, id), second.shard.size()]).toEqual(["completed", undefined, 1]);
    expect(openOf(sim, other)).toBeDefined();
  });

  it("reads at most 64 aggregates at a time", async () => {
    const { sim, open, give, until } = shardHarness();
    for (const id of jobIds(200)) await give(id, submitted(id));
    const first = await open("a");
    await sim.clock.advance(5_000);
    await until(first.shard.close());
    let [reading, most] = [0, 0];
    const { shard } = await open("b", {
      change: ({ log }) => ({
        log: {
          ...log,
          load(ref, afterSeq) {
            reading += 1;
            most = Math.max(most, reading);
            return log.load(ref, afterSeq).finally(() => {
              reading -= 1;
            });
          },
        },
      }),
    });
    expect([shard.size(), most]).toEqual([200, 64]);
  });

  it("has a greater epoch, which is in each commit", async () => {
    const { sim, open, give, until } = shardHarness();
    const ids = jobIds(2);
    for (const id of ids) await give(id, submitted(id));
    for (const [index, id] of ids.entries()) {
      const by = `r-${index}`;
      const { shard } = await open(by);
      await until(shard.command({ aggregate: jobRef(id), command: stop, actor: client }));
      await until(shard.close());
      expect(shard.lease.epoch).toBe(index + 1);
      expect(sim.log.entries.at(-1)?.commit).toMatchObject({ by, epoch: shard.lease.epoch });
    }
  });

  it("ends when the shard is lost while its views do not answer", async () => {
    const { sim, open, own, give, until } = shardHarness();
    const [id = ""] = jobIds(1);
    await give(id, submitted(id));
    const first = await open("a");
    await sim.clock.advance(5_000);
    await until(first.shard.close());
    await give(id, stop);
    // The previous owner's entry still exists, and cannot be removed.
    const { shard } = own("b", {
      change: ({ views }) => ({
        views: { ...views, open: { ...views.open, remove: () => new Promise<void>(() => undefined) } },
      }),
    });
    const opening = shard.open();
    await sim.clock.advance(1_000);
    await until(shard.close());
    await until(opening);
    expect(openOf(sim, id)).toBeDefined();
  });
});

it("a bucket without a position is rebuilt, until it succeeds, while the shard decides", async () => {
  const { sim, open, give, until } = shardHarness();
  const [id = ""] = jobIds(1);
  await give(id, submitted(id));
  const first = await open("a");
  await sim.clock.advance(5_000);
  await until(first.shard.close());
  sim.positions.drop("jobs");
  const mayBegin = Promise.withResolvers<void>();
  let failuresLeft = 2;
  const { shard } = await open("b", {
    change: ({ rebuild }) => ({
      async rebuild(request) {
        await mayBegin.promise;
        failuresLeft -= 1;
        if (failuresLeft >= 0) throw new Fault("LOG_UNREACHABLE", "no answer");
        await rebuild(request);
      },
    }),
  });
  await sim.clock.advance(5_000);
  expect(shard.rebuilding()).toEqual(["jobs"]);
  expect(await until(shard.command({ aggregate: jobRef(id), command: stop, actor: client }))).toMatchObject({
    ok: true,
  });
  mayBegin.resolve();
  await sim.clock.advance(60_000);
  expect([shard.rebuilding(), failuresLeft]).toEqual([[], -1]);
  expect(sim.positions.load("jobs", 3)?.eventsSeq).toBe(sim.log.messages.at(-1)?.seq);
});

it("a clean stop stores the positions that are due later", async () => {
  const { sim, open, give, until } = shardHarness();
  const { shard } = await open("a");
  const [id = ""] = jobIds(1);
  await give(id, submitted(id));
  await sim.clock.advance(5_000);
  await until(shard.command({ aggregate: jobRef(id), command: stop, actor: client }));
  // The log delivers the commit.
  await sim.clock.advance(20);
  await until(shard.flush());
  const lastSeq = sim.log.messages.at(-1)?.seq ?? 0;
  expect(sim.positions.load("jobs", 3)?.eventsSeq ?? 0).toBeLessThan(lastSeq);
  await until(shard.close());
  expect(sim.positions.load("jobs", 3)?.eventsSeq).toBe(lastSeq);
});

it("an aggregate that is not in memory is read once for commands that arrive together", async () => {
  const { sim, open, give, until } = shardHarness();
  const [id = ""] = jobIds(1);
  await give(id, submitted(id));
  await give(id, stop);
  const { shard, log } = await open("a");
  await sim.clock.advance(5_000);
  const before = log.loads;
  const commands = [1, 2, 3].map(() => shard.command({ aggregate: jobRef(id), command: stop, actor: client }));
  expect(await until(Promise.all(commands))).toMatchObject(commands.map(() => ({ ok: true, changed: false })));
  expect(log.loads - before).toBe(1);
});

it("an aggregate leaves memory once it is settled and projected", async () => {
  const { sim, open, give, until } = shardHarness();
  const { shard } = await open("a");
  const ids = jobIds(10);
  for (const id of ids) await give(id, submitted(id));
  await sim.clock.advance(1_000);
  expect(shard.size()).toBe(10);
  for (const id of ids.slice(0, 5)) await until(shard.command({ aggregate: jobRef(id), command: stop, actor: client }));
  await sim.clock.advance(5_000);
  expect(shard.size()).toBe(5);
  for (const id of ids.slice(5)) await give(id, stop);
  await sim.clock.advance(5_000);
  expect([shard.size(), entriesOf(sim.views.open).size]).toEqual([0, 0]);
});

it("reading pauses at about a thousand commits that the views have not stored, and resumes when they answer", async () => {
  const { sim, open, give } = shardHarness();
  const ids = jobIds(2_500);
  for (const id of ids) {
    await give(id, submitted(id));
    await give(id, stop);
  }
  sim.positions.save("jobs", 3, { eventsSeq: 1, reportsSeq: 0, revision: 0 });
  sim.positions.save("assignments", 3, { eventsSeq: 1, reportsSeq: 0, revision: 0 });
  sim.positions.save("nodes", 3, { eventsSeq: 1, reportsSeq: 0, revision: 0 });
  sim.positions.save("open", 3, { eventsSeq: 1, reportsSeq: 0, revision: 0 });
  const answering = Promise.withResolvers<void>();
  const seen = new Set<string>();
  const slow = (store: ViewStore): ViewStore => ({
    ...store,
    async put(key, value) {
      seen.add(key);
      await answering.promise;
      return await store.put(key, value);
    },
  });
  await open("a", { change: ({ views }) => ({ views: { ...views, jobs: slow(views.jobs) } }) });
  await sim.clock.advance(30_000);
  const before = seen.size;
  expect(before).toBeGreaterThan(256);
  expect(before).toBeLessThanOrEqual(1_100);
  answering.resolve();
  await sim.clock.advance(30_000);
  expect([seen.size, sim.positions.load("jobs", 3)?.eventsSeq]).toEqual([2_500, sim.log.messages.at(-1)?.seq]);
});

it("the positions reach a commit that a view stores late, also when no commit follows it", async () => {
  const { sim, open, give } = shardHarness();
  const answering = Promise.withResolvers<void>();
  const late = (store: ViewStore): ViewStore => ({
    ...store,
    put: (key, value) => answering.promise.then(() => store.put(key, value)),
  });
  await open("a", { change: ({ views }) => ({ views: { ...views, jobs: late(views.jobs) } }) });
  const [id = ""] = jobIds(1);
  await give(id, submitted(id));
  // Many times the pause between two saves.
  await sim.clock.advance(30_000);
  const lastSeq = sim.log.messages.at(-1)?.seq ?? 0;
  expect(sim.positions.load("jobs", 3)?.eventsSeq).toBeLessThan(lastSeq);
  answering.resolve();
  await sim.clock.advance(30_000);
  expect(sim.positions.load("jobs", 3)?.eventsSeq).toBe(lastSeq);
});

it("a shard that is closed decides no more about an aggregate that does not exist yet", async () => {
  const { sim, open, until } = shardHarness();
  const away = () => Promise.reject(new Fault("LOG_UNREACHABLE", "no answer came"));
  const { shard, log } = await open("a", { change: (ports) => ({ log: { ...ports.log, append: away } }) });
  const [id = ""] = jobIds(1);
  const created = shard.command({ aggregate: jobRef(id), command: submitted(id), actor: client });
  await sim.clock.advance(5_000);
  expect(log.appends).toBeGreaterThan(1);
  await until(Promise.all([shard.close(), expect(created).rejects.toMatchObject({ code: "LOG_UNREACHABLE" })]));
  const before = log.appends;
  await sim.clock.advance(60_000);
  expect(log.appends).toBe(before);
});
