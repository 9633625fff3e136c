import { createSimulatedCluster, drive } from "@shoal/core/testing";
import { buckets, JobSpec, shardCount, shardOf } from "@shoal/proto";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createRequester, type Requester } from "../create-requester.ts";
import { memoryPorts } from "../testing/memory-ports.ts";
import { namedJobId } from "./ids.ts";

const perShard = 10;
const actor = { type: "client", id: "test" } as const;

let sim = createSimulatedCluster();
let driving = drive(sim.clock);
beforeEach(() => {
  sim = createSimulatedCluster();
  driving = drive(sim.clock);
});
afterEach(() => driving.stop());

async function startRequester(requesterId: string): Promise<Requester> {
  const ports = memoryPorts(sim, requesterId);
  const requester = createRequester(
    {
      requesterId,
      auction: { width: 3, rounds: 1, waitMs: 100 },
      // Longer than the test: without a node every job waits.
      nodes: { disconnectAfterMs: 6_000, settleMs: 3_600_000 },
      positionsMs: 1_000,
      jobs: { openMax: perShard * shardCount },
    },
    ports,
  );
  for (const each of [ports.catalog, ...requester.processes]) await each.start();
  return requester;
}

/** Two requesters, and names of jobs of a shard that the first one owns. */
async function startTwo() {
  const [one, other] = [await startRequester("r-1"), await startRequester("r-2")];
  const shared = () => [one, other].every(({ owner }) => owner.holdings().size === shardCount / 2);
  await expect.poll(shared).toBe(true);
  const [shard = 0] = one.owner.holdings().keys();
  const names = Array.from({ length: 100 * shardCount }, (_, index) => `j-${index}`).filter(
    (name) => shardOf(namedJobId("default", name)) === shard,
  );
  const submit = ({ commands }: Requester) => {
    const name = names.shift() ?? expect.unreachable();
    const spec = JobSpec.parse({ type: "batch", name, tasks: [{ engine: { type: "noop" } }] });
    return commands.submit({ spec, token: name, actor });
  };
  /** Resolves once the owner has saved this count. */
  const written = (count: number) => expect.poll(() => sim.positions.load(buckets.open, shard)?.open).toBe(count);
  return { one, other, shard, names, submit, written };
}

const tooMany = {
  code: "TOO_MANY",
  message: expect.stringMatching(/limit \(jobs\.openMax 160 over 16 shards\): wait until/),
};

it("refuses submissions above a shard's limit, at its owner and at other requesters, until a job has ended", async () => {
  const { one, other, submit, written } = await startTwo();
  const { jobId: first } = await submit(one);
  for (let count = 1; count < perShard; count++) await submit(count % 2 === 0 ? one : other);
  await written(perShard);
  await expect(submit(one)).rejects.toMatchObject(tooMany);
  await expect.poll(() => submit(other).catch((failure: unknown) => failure)).toMatchObject(tooMany);
  await one.commands.stop(first, { why: "enough", actor });
  await written(perShard - 1);
  await expect.poll(() => submit(other).then(({ existed }) => existed, String)).toBe(false);
  await expect(submit(other)).rejects.toMatchObject(tooMany);
  await written(perShard);
  await expect(submit(one)).rejects.toMatchObject(tooMany);
});

it("counts its own submissions since it read the owner's count, concurrent ones included", async () => {
  const { other, submit } = await startTwo();
  const all = await Promise.allSettled(Array.from({ length: 2 * perShard }, () => submit(other)));
  expect(all.filter(({ status }) => status === "fulfilled").length).toBe(perShard);
});

it("limits concurrent submissions at the owner", async () => {
  const { one, submit } = await startTwo();
  const all = await Promise.allSettled(Array.from({ length: 2 * perShard }, () => submit(one)));
  expect(all.filter(({ status }) => status === "fulfilled").length).toBe(perShard);
});

it("refuses to open an ended job again at the limit, and updates open ones", async () => {
  const { one, names, submit, written } = await startTwo();
  const [name = ""] = names;
  const { jobId: ended } = await submit(one);
  await written(1);
  await one.commands.stop(ended, { why: "enough", actor });
  await written(0);
  const [open = ""] = names;
  for (let count = 0; count < perShard; count++) await submit(one);
  await expect(one.commands.rerun(ended, { version: 0, why: "again", actor })).rejects.toMatchObject(tooMany);
  const update = (of: string) =>
    one.commands.submit({
      spec: JobSpec.parse({ type: "batch", name: of, priority: 7, tasks: [{ engine: { type: "noop" } }] }),
      actor,
    });
  await expect(update(name)).rejects.toMatchObject(tooMany);
  expect(await update(open)).toMatchObject({ existed: false });
});

it("answers a repeated request at the limit", async () => {
  const { one, names, submit } = await startTwo();
  const [name = ""] = names;
  await submit(one);
  for (let count = 1; count < perShard; count++) await submit(one);
  await expect(submit(one)).rejects.toMatchObject(tooMany);
  names.unshift(name);
  expect(await submit(one)).toMatchObject({ existed: true });
});

it("retains the count when a shard is released", async () => {
  const { one, submit, shard } = await startTwo();
  for (let count = 0; count < 3; count++) await submit(one);
  await one.processes.find(({ name }) => name === "owner")?.stop();
  expect(sim.positions.load(buckets.open, shard)?.open).toBe(3);
});
