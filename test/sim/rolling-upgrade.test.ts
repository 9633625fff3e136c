import { nextFeatureLevel, ofNextType, sampleSpec } from "@shoal/core/testing";
import { shardCount, subjectOf } from "@shoal/proto";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createMixedCluster, type MixedCluster, type RunningRequester } from "./mixed-cluster.ts";

let mixed: MixedCluster;
beforeEach(() => {
  mixed = createMixedCluster();
});
afterEach(() => mixed.close());

const actor = { type: "client", id: "test" } as const;
const half = shardCount / 2;
const owned = (...all: readonly RunningRequester[]) => all.map(({ requester }) => requester.owner.holdings().size);
const quarantined = ({ requester }: RunningRequester) =>
  [...requester.owner.holdings().values()].flatMap((each) => each.quarantined);
const write = (kind: string, id: string) => ({
  id,
  aggregate: { kind, namespace: "default", id },
  command: { name: "Write", text: "hello" },
  actor,
});
const spec = sampleSpec({ params: { RunSeconds: 1 }, resources: { cpu: "10m", memory: "1Mb" } });
const job = (type: "batch" | "sweep") => ({ spec: type === "batch" ? spec : ofNextType(spec), actor });

/** Every commit has the hash of the previous one on its subject. */
function brokenChains(): readonly string[] {
  const last = new Map<string, string>();
  return mixed.sim.log.messages.flatMap(({ aggregate, text, hash }) => {
    const subject = subjectOf(aggregate);
    const isWhole = text.includes(`"prev":"${last.get(subject) ?? ""}"`);
    last.set(subject, hash);
    return isWhole ? [] : [subject];
  });
}

it("upgrades requester by requester and back, without loss, forks or flapping leases", async () => {
  const jobIds: string[] = [];
  const submit = async (...all: readonly RunningRequester[]) => {
    for (const { requester } of [...all, ...all]) jobIds.push((await requester.commands.submit(job("batch"))).jobId);
  };
  const a = await mixed.startRequester("r-a", "current");
  await mixed.startNode();
  await expect.poll(() => a.requester.membership.candidate("n-one")).toBeDefined();
  let b = await mixed.startRequester("r-b", "current");
  await expect.poll(() => owned(a, b)).toEqual([half, half]);
  for (const release of ["next", "current", "next"] as const) {
    await submit(a, b);
    await b.stop();
    await submit(a);
    b = await mixed.startRequester("r-b", release);
    await submit(a, b);
    await expect.poll(() => owned(a, b)).toEqual([half, half]);
  }
  await expect(b.requester.commands.submit(job("sweep"))).rejects.toMatchObject({ code: "FEATURE_LEVEL" });
  expect((await b.requester.dispatcher.create(write("pool", "p-1"))).reply).toMatchObject({ ok: false });
  expect([...quarantined(a), ...quarantined(b)]).toEqual([]);
  await a.stop();
  const c = await mixed.startRequester("r-a", "next");
  await expect.poll(() => owned(c, b)).toEqual([half, half]);
  await submit(b, c);
  await mixed.sim.requester("operator").leases.raiseFeatureLevel(nextFeatureLevel);
  await expect.poll(() => b.requester.features.level()).toBe(nextFeatureLevel);
  jobIds.push((await b.requester.commands.submit(job("sweep"))).jobId);
  expect((await b.requester.dispatcher.create(write("pool", "p-1"))).reply).toMatchObject({ ok: true });
  const before = mixed.leasesTaken();
  const late = await mixed.startRequester("r-late", "current");
  await submit(b, c);
  const isCompleted = (id: string) =>
    JSON.stringify(mixed.sim.views.jobs.get(`default.${id}`) ?? {}).includes('"completed"');
  await expect.poll(() => jobIds.filter((id) => !isCompleted(id)), { timeout: 20_000 }).toEqual([]);
  expect([owned(late, b, c), quarantined(b), quarantined(c)]).toEqual([[0, half, half], [], []]);
  expect(mixed.leasesTaken()).toBe(before);
  // All of them at first, then half of them whenever one of the two joins or leaves: one join, four replacements.
  expect(before).toBeLessThanOrEqual(shardCount + half * (1 + 4 * 2));
  expect(brokenChains()).toEqual([]);
});
