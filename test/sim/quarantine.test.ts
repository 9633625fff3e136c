import { type Job, type Process, registry, type StoredCommit } from "@shoal/core";
import { createSea, drive, nextFeatureLevel, nextKinds, type Sea, sampleSpec, thisKinds } from "@shoal/core/testing";
import { type AggregateRef, commitVersion, featureLevel, shardCount, shardOf } from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createCompute } from "../../services/compute/src/compute.ts";
import { noop } from "../../services/compute/src/executors/noop.ts";
import { memoryJournal } from "../../services/compute/src/journal/memory-journal.ts";
import { testSettings } from "../../services/compute/src/testing/node-bench.ts";
import { memoryWorkspace } from "../../services/compute/src/workspace/memory-workspace.ts";
import { createRequester } from "../../services/requester/src/requester.ts";
import { memoryPorts } from "../../services/requester/src/testing/memory-ports.ts";

let sea: Sea;
let driving: ReturnType<typeof drive>;
const lines: string[] = [];
const closers: (() => Promise<void>)[] = [];
beforeEach(() => {
  sea = createSea({ kinds: nextKinds });
  driving = drive(sea.clock);
  lines.length = 0;
});
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
  driving.stop();
});

const releases = {
  current: { kinds: thisKinds, featureLevel },
  next: { kinds: nextKinds, featureLevel: nextFeatureLevel },
} as const;

async function start(processes: readonly Process[]): Promise<() => Promise<void>> {
  for (const each of processes) await each.start();
  let isRunning = true;
  const stop = async () => {
    if (!isRunning) return;
    isRunning = false;
    for (const each of processes.toReversed()) await each.stop();
  };
  closers.push(stop);
  return stop;
}

async function startRequester(requesterId: string, release: keyof typeof releases) {
  const note = (facts: object, sentence: string) => void lines.push(`${sentence} ${JSON.stringify(facts)}`);
  const ports = memoryPorts(sea, requesterId, { diary: { info: note, warn: note } });
  const requester = createRequester(
    {
      requesterId,
      auction: { width: 1, rounds: 1, waitMs: 300 },
      nodes: { disconnectAfterMs: 60_000, settleMs: 500 },
      positionsMs: 100,
      ...releases[release],
    },
    { ...ports, log: sea.requester(requesterId, releases[release].kinds).log },
  );
  return { requester, stop: await start([ports.catalog, ...requester.processes]) };
}

/** A node whose work ends when its time is over, whatever its requesters can read. */
async function startNode(): Promise<void> {
  const ports = sea.node("n-one");
  const { clock } = ports;
  const settings = { ...testSettings, nodeId: "n-one" };
  await start(
    createCompute(settings, {
      ...ports,
      journal: memoryJournal(new Map(), () => true),
      workspace: memoryWorkspace(new Map()),
      executors: registry("executor", [noop(clock)]),
      sources: registry("source", []),
      publishers: registry("publisher", []),
      env: {},
      notes: { info: () => undefined, warn: () => undefined },
    }),
  );
}

type Running = Awaited<ReturnType<typeof startRequester>>;
const actor = { type: "client", id: "test" } as const;
const refOf = (id: string): AggregateRef => ({ kind: "job", namespace: "default", id });
const stateOf = (jobId: string): Job["header"]["state"] | "" => {
  const entry: unknown = sea.views.jobs.get(`default.${jobId}`);
  const state = /"stateType":"(\w+)"/.exec(JSON.stringify(entry ?? {}))?.[1] ?? "";
  return state as Job["header"]["state"] | "";
};
const untilState = (jobId: string, state: string) => expect.poll(() => stateOf(jobId), { timeout: 20_000 }).toBe(state);

async function submit({ requester }: Running, seconds: number): Promise<string> {
  const spec = sampleSpec({ params: { RunSeconds: seconds }, resources: { cpu: "10m", memory: "1Mb" } });
  return (await requester.commands.submit({ spec, actor })).jobId;
}

/** A job of some seconds; a message of a later release comes behind its commits while it runs. */
async function submitAndPut(running: Running, text: (last: StoredCommit) => string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const onAppended = ({ aggregate, commit }: StoredCommit): void => {
    if (!commit.events.some(({ type }) => type === "ExecutionStarted")) return;
    sea.log.onAppended.delete(onAppended);
    sea.clock.at(sea.clock.now() + 100, () => {
      sea.log.put(aggregate, text(lastOf(aggregate.id)));
      resolve(aggregate.id);
    });
  };
  sea.log.onAppended.add(onAppended);
  await submit(running, 5);
  return await promise;
}

/** A job of the same shard, however many it takes. */
async function submitBeside(running: Running, jobId: string): Promise<string> {
  for (;;) {
    const other = await submit(running, 0);
    if (shardOf(other) === shardOf(jobId)) return other;
  }
}

const messagesOf = (jobId: string) => sea.log.messagesOf(refOf(jobId));
const lastOf = (jobId: string): StoredCommit => sea.log.load(refOf(jobId), 0).at(-1) ?? expect.unreachable();
const noted = ({ hash, commit }: StoredCommit): string =>
  JSON.stringify({
    ...commit,
    v: commitVersion,
    id: "c-noted",
    cause: { command: "Note" },
    prev: hash,
    events: [{ type: "JobNoted", v: 1, data: { note: "hello" } }],
  });
const quarantined = ({ requester }: Running) =>
  [...requester.owner.holdings().values()].flatMap((each) => each.quarantined.map(({ aggregate }) => aggregate.id));

describe("a job whose log a requester cannot read", () => {
  it("takes nothing else of its shard out of service, at its start or while it runs", async () => {
    const a = await startRequester("r-a", "current");
    await startNode();
    const jobId = await submit(a, 3_600);
    await untilState(jobId, "running");
    sea.log.put(refOf(jobId), noted(lastOf(jobId)));
    await expect.poll(() => quarantined(a)).toEqual([jobId]);
    await untilState(await submitBeside(a, jobId), "completed");
    await a.stop();
    const b = await startRequester("r-b", "current");
    await expect.poll(() => [b.requester.owner.holdings().size, ...quarantined(b)]).toEqual([shardCount, jobId]);
    await untilState(await submitBeside(b, jobId), "completed");
    expect(lines.filter((line) => line.includes("could not take a shard"))).toEqual([]);
  });
  it("is taken up by a requester of the next release, to which the node repeats what it has seen", async () => {
    const a = await startRequester("r-a", "current");
    await startNode();
    const jobId = await submitAndPut(a, noted);
    // The execution ends while no one can decide on its report, which is refused and counted.
    await expect.poll(() => lines.some((line) => line.includes("refused a report"))).toBe(true);
    await a.stop();
    const before = messagesOf(jobId).length;
    const b = await startRequester("r-b", "next");
    await untilState(jobId, "completed");
    expect(quarantined(b)).toEqual([]);
    expect(messagesOf(jobId).length).toBeGreaterThan(before);
    const chain = sea.log.load(refOf(jobId), 0);
    expect(chain.map(({ commit }) => commit.prev)).toEqual(["", ...chain.slice(0, -1).map(({ hash }) => hash)]);
    expect(sea.views.open.get(`${shardOf(jobId)}.job.default.${jobId}`)).toBeUndefined();
  });
  it("has nothing appended behind a commit of a later form, by its owner or by another requester", async () => {
    const a = await startRequester("r-a", "current");
    const b = await startRequester("r-b", "current");
    await startNode();
    const jobId = await submitAndPut(a, ({ hash: prev }) =>
      JSON.stringify({ v: commitVersion + 1, id: "c-later", prev, ops: ["stop"] }),
    );
    await expect.poll(() => [...quarantined(a), ...quarantined(b)]).toEqual([jobId]);
    for (const { requester } of [a, b])
      await expect(requester.commands.stop(jobId, { why: "enough", actor })).rejects.toMatchObject({
        code: "LOG_NEWER",
      });
    await expect.poll(() => lines.some((line) => line.includes("refused a report"))).toBe(true);
    expect(messagesOf(jobId).at(-1)?.text).toContain("c-later");
  });
});
