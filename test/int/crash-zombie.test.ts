import { Fault, noTip, type StoredCommit } from "@shoal/core";
import { type AggregateRef, commitVersion } from "@shoal/proto";
import { expect, it } from "vitest";
import { onServer } from "../../libs/nats/src/testing/on-server.ts";
import { expectAllPromisesKept } from "./at-rest.ts";
import { startLoad } from "./client-load.ts";
import { endedIn, epochOf, hasTaken, isShared, shardsOf } from "./decisions.ts";
import { type FaultCluster, withFaultCluster } from "./fault-cluster.ts";
import type { Witness } from "./witness.ts";

const zombie = "requester-0";

onServer(() => {
  it("lets no owner back in that slept longer than its lease", async () => {
    await withFaultCluster({}, async (cluster) => {
      const { witness, devstack } = cluster;
      const load = startLoad(cluster);
      const isShareOfWork = () => isShared(witness, [zombie, "requester-1"]) && endedIn(witness) > 20;
      // With a job under way in its hands, or there is nothing that it could still believe.
      await witness.until("both decide", () => isShareOfWork() && tipsOf(witness, zombie).length > 0);
      const shards = shardsOf(witness, zombie);
      const epoch = epochOf(witness, zombie);
      const pid = devstack.pids()[zombie] ?? 0;
      process.kill(pid, "SIGSTOP");
      try {
        const known = tipsOf(witness, zombie);
        const after = witness.commits.length;
        await witness.until("the other decides in all of its shards", () =>
          hasTaken(witness, "requester-1", { shards, after }),
        );
        expect(await appendsBehind(cluster, known, epoch)).toEqual(["REVISION_CONFLICT"]);
      } finally {
        process.kill(pid, "SIGCONT");
      }
      await witness.until("it decides under a new lease", () => epochOf(witness, zombie) > epoch);
      await load.finish();
      // It had heard nothing of the nodes for longer than they may be silent; that was its own doing, and it knows.
      expect(countOf(witness, "NodeDisconnected")).toBe(0);
      expect(devstack.pids()[zombie]).toBe(pid);
      await expectAllPromisesKept(cluster, load.told);
    });
  });

  it("takes back what a sleeper has said of a node", async () => {
    await withFaultCluster({ requesters: 1 }, async (cluster) => {
      const { witness, ports } = cluster;
      const load = startLoad(cluster);
      await witness.until("a cluster at work", () => endedIn(witness) > 10);
      const node: AggregateRef = { kind: "node", namespace: "", id: "node-0" };
      const tip = (await ports.log.load(node)).at(-1) ?? noTip;
      const events = [{ type: "NodeDisconnected", v: 1, data: { why: "said by a sleeper", lastSeenAt: Date.now() } }];
      const said = {
        at: Date.now(),
        by: "sleeper",
        actor: { type: "requester" as const, id: "r" },
        cause: { command: "Miss" },
        epoch: 1,
        prev: tip.hash,
        events,
      };
      await ports.log.append(node, tip, { v: commitVersion, id: crypto.randomUUID(), ...said });
      await witness.until("its return", () => countOf(witness, "NodeReconnected") > 0);
      const placed = placedOn(witness, node.id);
      await witness.until("new work for it", () => placedOn(witness, node.id) > placed);
      await load.finish();
      await expectAllPromisesKept(cluster, load.told);
    });
  });
});

const countOf = ({ commits }: Witness, type: string): number =>
  commits.flatMap(({ commit }) => commit.events).filter((event) => event.type === type).length;

const placedOn = ({ story }: Witness, nodeId: string): number =>
  [...story.jobs.values()].flatMap(({ placed }) => [...placed.values()]).filter((each) => each.nodeId === nodeId)
    .length;

/** The last commit of every job that had not ended, where this requester was the last to decide as its owner: what it still believes. */
function tipsOf({ commits, story }: Witness, requester: string): readonly StoredCommit[] {
  const tips = new Map<string, StoredCommit>();
  for (const stored of commits) tips.set(stored.aggregate.id, stored);
  return [...tips.values()].filter(({ aggregate, commit }) => {
    const job = story.jobs.get(aggregate.id);
    return job !== undefined && job.end() === undefined && commit.by === requester && commit.epoch > 0;
  });
}

/** What becomes of decisions that build on what a sleeper knew, of jobs that have gone on without it. */
async function appendsBehind(
  { ports, witness }: FaultCluster,
  known: readonly StoredCommit[],
  epoch: number,
): Promise<readonly string[]> {
  const outcomes = new Set<string>();
  for (const { aggregate, seq, hash } of known) {
    await witness.until(`the next step of ${aggregate.id}`, ({ commits }) =>
      commits.some((stored) => stored.seq > seq && stored.aggregate.id === aggregate.id),
    );
    const events = [{ type: "JobStopped", v: 1, data: { why: "said by a sleeper" } }];
    const said = {
      at: Date.now(),
      by: zombie,
      actor: { type: "requester" as const, id: "r" },
      cause: { command: "Stop" },
      epoch,
      prev: hash,
      events,
    };
    const commit = { v: commitVersion, id: crypto.randomUUID(), ...said } as const;
    const outcome = ports.log.append(aggregate, { seq, hash }, commit);
    outcomes.add(
      await outcome.then(
        () => "stored",
        (failure: unknown) => (failure instanceof Fault ? failure.code : String(failure)),
      ),
    );
  }
  return [...outcomes];
}
