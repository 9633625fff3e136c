import { Fault, noStreamPosition, type StoredCommit } from "@shoal/core";
import { type AggregateRef, commitVersion } from "@shoal/proto";
import { expect, it } from "vitest";
import { onServer } from "../../libs/nats/src/testing/on-server.ts";
import { startLoad } from "./client-load.ts";
import { endedIn, epochOf, hasTaken, isShared, shardsOf } from "./decisions.ts";
import { type FaultCluster, withFaultCluster } from "./fault-cluster.ts";
import type { Observer } from "./observer.ts";
import { expectAllPromisesHold } from "./quiescence.ts";

const pausedRequester = "requester-0";

onServer(() => {
  it("refuses the writes of an owner that was paused longer than its lease", async () => {
    await withFaultCluster({}, async (cluster) => {
      const { observer, devstack } = cluster;
      const load = startLoad(cluster);
      const isShareOfWork = () => isShared(observer, [pausedRequester, "requester-1"]) && endedIn(observer) > 20;
      // It must own an open job, or it has no stale state.
      await observer.until("both decide", () => isShareOfWork() && headsOf(observer, pausedRequester).length > 0);
      const shards = shardsOf(observer, pausedRequester);
      const epoch = epochOf(observer, pausedRequester);
      const pid = devstack.pids()[pausedRequester] ?? 0;
      process.kill(pid, "SIGSTOP");
      try {
        const known = headsOf(observer, pausedRequester);
        const after = observer.commits.length;
        await observer.until("the other decides in all of its shards", () =>
          hasTaken(observer, "requester-1", { shards, after }),
        );
        expect(await appendsBehind(cluster, known, epoch)).toEqual(["REVISION_CONFLICT"]);
      } finally {
        process.kill(pid, "SIGCONT");
      }
      await observer.until("it decides under a new lease", () => epochOf(observer, pausedRequester) > epoch);
      await load.finish();
      // It received no heartbeats for longer than the limit; it must attribute that to its own pause.
      expect(countOf(observer, "NodeDisconnected")).toBe(0);
      expect(devstack.pids()[pausedRequester]).toBe(pid);
      await expectAllPromisesHold(cluster, load.acknowledgements);
    });
  });

  it("corrects a paused requester's stale commit about a node", async () => {
    await withFaultCluster({ requesters: 1 }, async (cluster) => {
      const { observer, ports } = cluster;
      const load = startLoad(cluster);
      await observer.until("a cluster at work", () => endedIn(observer) > 10);
      const node: AggregateRef = { kind: "node", namespace: "", id: "node-0" };
      const streamHead = (await ports.log.load(node)).at(-1) ?? noStreamPosition;
      const events = [
        { type: "NodeDisconnected", v: 1, data: { why: "written by a paused requester", lastSeenAt: Date.now() } },
      ];
      const draft = {
        at: Date.now(),
        by: "sleeper",
        actor: { type: "requester" as const, id: "r" },
        cause: { command: "Miss" },
        epoch: 1,
        prev: streamHead.hash,
        events,
      };
      await ports.log.append(node, streamHead, { v: commitVersion, id: crypto.randomUUID(), ...draft });
      await observer.until("its return", () => countOf(observer, "NodeReconnected") > 0);
      const placed = placedOn(observer, node.id);
      await observer.until("new work for it", () => placedOn(observer, node.id) > placed);
      await load.finish();
      await expectAllPromisesHold(cluster, load.acknowledgements);
    });
  });
});

const countOf = ({ commits }: Observer, type: string): number =>
  commits.flatMap(({ commit }) => commit.events).filter((event) => event.type === type).length;

const placedOn = ({ trace }: Observer, nodeId: string): number =>
  [...trace.jobs.values()].flatMap(({ placed }) => [...placed.values()]).filter((each) => each.nodeId === nodeId)
    .length;

/** The last commit of every job that had not ended, where this requester was the last to decide as its owner: its stale state. */
function headsOf({ commits, trace }: Observer, requester: string): readonly StoredCommit[] {
  const streamHeads = new Map<string, StoredCommit>();
  for (const stored of commits) streamHeads.set(stored.aggregate.id, stored);
  return [...streamHeads.values()].filter(({ aggregate, commit }) => {
    const job = trace.jobs.get(aggregate.id);
    return job !== undefined && job.end() === undefined && commit.by === requester && commit.epoch > 0;
  });
}

/** The outcomes of appends that build on a paused requester's stale state of jobs that have changed since. */
async function appendsBehind(
  { ports, observer }: FaultCluster,
  known: readonly StoredCommit[],
  epoch: number,
): Promise<readonly string[]> {
  const outcomes = new Set<string>();
  for (const { aggregate, seq, hash } of known) {
    await observer.until(`the next step of ${aggregate.id}`, ({ commits }) =>
      commits.some((stored) => stored.seq > seq && stored.aggregate.id === aggregate.id),
    );
    const events = [{ type: "JobStopped", v: 1, data: { why: "written by a paused requester" } }];
    const draft = {
      at: Date.now(),
      by: pausedRequester,
      actor: { type: "requester" as const, id: "r" },
      cause: { command: "Stop" },
      epoch,
      prev: hash,
      events,
    };
    const commit = { v: commitVersion, id: crypto.randomUUID(), ...draft } as const;
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
