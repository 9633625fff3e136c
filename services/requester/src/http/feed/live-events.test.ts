import { noStreamPosition, type StoredCommit } from "@shoal/core";
import { createPrng, createSimulatedCluster, drawFaults, type SimulatedCluster } from "@shoal/core/testing";
import { type AggregateRef, commitVersion, shardOf } from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { apiLimits } from "../limits.ts";
import { behindCommit, type FeedCursor, readCursor } from "./feed-cursor.ts";
import { createLiveEvents, type LiveHold } from "./live-events.ts";
import { type FeedFilter, streamEvents } from "./stream-events.ts";

const job = (namespace: string, id: string) => ({ kind: "job", namespace, id });
const jobs = [job("blue", "j-1"), job("blue", "j-2"), job("red", "j-3"), job("red", "j-4")] as const;
const aggregates = [...jobs, { kind: "node", namespace: "", id: "n-1" }] as const;

const eventOf = ({ kind }: AggregateRef) =>
  kind === "job"
    ? { type: "JobStarted", v: 1, data: {} }
    : { type: "NodeDisconnected", v: 1, data: { why: "", lastSeenAt: 0, forgetAt: 0 } };

/** Appends a commit with this number of events as another process would. */
function append(sim: SimulatedCluster, aggregate: AggregateRef, events: number): void {
  const streamHead = sim.log.load(aggregate, 0).at(-1) ?? noStreamPosition;
  sim.log.append(aggregate, streamHead, {
    v: commitVersion,
    id: `c-${shardOf(aggregate.id)}-${sim.log.entries.length}`,
    at: 0,
    by: "r",
    actor: { type: "requester", id: "r" },
    cause: { command: "Test" },
    epoch: 0,
    prev: streamHead.hash,
    events: Array.from({ length: events }, () => eventOf(aggregate)),
  });
}

const passes = ({ namespace, jobId }: FeedFilter, { kind, ...aggregate }: AggregateRef): boolean =>
  (namespace === undefined && jobId === undefined) ||
  (kind === "job" &&
    (namespace === undefined || namespace === aggregate.namespace) &&
    (jobId === undefined || jobId === aggregate.id));

interface Client {
  readonly filter: FeedFilter;
  /** Events that it accepts at a time. */
  readonly pace: number;
  readonly sent: string[];
  after: FeedCursor | undefined;
}

/** The delay of a browser before it reconnects. */
const retryMs = 3_000;
// Several times what the slowest reader needs for all events.
const settledMs = 600_000;

function expectedBy(sim: SimulatedCluster, { filter, after }: Client): readonly string[] {
  return sim.log.entries
    .filter(({ aggregate }) => passes(filter, aggregate))
    .flatMap(idsOf)
    .filter((id) => {
      const [seq = 0, index = 0] = id.split(".").map(Number);
      return after !== undefined && (seq > after.seq || (seq === after.seq && index > after.index));
    });
}

const idsOf = ({ seq, commit }: StoredCommit) => commit.events.map((_, index) => `${seq}.${index}`);

describe("feeds that share a consumer", () => {
  // Enough runs that joins, cuts and slow readers meet in many orders; each takes some milliseconds.
  it.each(Array.from({ length: 40 }, (_, seed) => seed))(
    "send each reader everything, once, in order: seed %i",
    async (seed) => {
      const prng = createPrng(`feeds ${seed}`);
      const sim = createSimulatedCluster({
        seed,
        faults: { ...drawFaults(prng), crash: 0, requestLost: 0, replyLost: 0 },
      });
      const { log, proc } = sim.requester("r");
      // Few enough that most readers fall behind the commits in memory.
      const live = createLiveEvents({ log, clock: sim.clock, recentCommits: prng.between(1, 6) });
      const clients: { readonly sent: string[]; readonly expected: () => readonly string[] }[] = [];

      /** Reads as a browser does: a client that is disconnected or refused reconnects after its last event. */
      const connect = async (client: Client): Promise<void> => {
        const reconnect = () => void sim.clock.at(sim.clock.now() + retryMs, () => void connect(client));
        let hold: LiveHold;
        try {
          hold = await live.hold();
          client.after ??= await startOf(client);
        } catch {
          return reconnect();
        }
        const last = client.sent.at(-1);
        const after = last === undefined ? client.after : readCursor(last);
        let room = client.pace;
        const reader = {
          write(piece: string) {
            const id = /^id: (.*)$/m.exec(piece)?.[1];
            if (id === undefined) return true;
            client.sent.push(id);
            room -= 1;
            return room > 0;
          },
          onceDrained(callback: () => void) {
            sim.clock.at(sim.clock.now() + prng.between(1, 200), () => {
              room = client.pace;
              callback();
            });
          },
          drop() {
            hold.release();
            reconnect();
          },
        };
        const { filter } = client;
        const parts = { log, live: hold, clock: sim.clock, reader, failed: () => {} };
        streamEvents(parts, { filter, after, types: new Set() });
      };
      /** Anywhere in the log, or from now on. */
      const startOf = async (client: Client): Promise<FeedCursor> => {
        const end = await log.lastSeq();
        clients.push({ sent: client.sent, expected: () => expectedBy(sim, client) });
        const positions = sim.log.entries.map(({ seq }) => seq).filter((seq) => seq <= end);
        const seq = prng.pick([0, end, ...positions]);
        return prng.happens(0.5) ? behindCommit(seq) : { seq, index: 0 };
      };
      for (let step = 0; step < 120; step++) {
        if (prng.happens(0.8)) append(sim, prng.pick(aggregates), prng.between(1, 3));
        // As when the log changes its leader: no delivery for a while, and then everything in order.
        if (prng.happens(0.03)) proc.cutUntil(sim.clock.now() + prng.between(10, 900));
        if (prng.happens(0.1)) {
          const { namespace, id } = prng.pick(jobs);
          const filter = prng.pick<FeedFilter>([{}, { namespace }, { jobId: id }]);
          void connect({ filter, pace: prng.between(1, 5), sent: [], after: undefined });
        }
        await sim.clock.advance(prng.between(0, 60));
      }
      await sim.clock.advance(settledMs);
      expect(clients.length).toBeGreaterThan(2);
      for (const { sent, expected } of clients) expect(sent).toEqual(expected());
      await live.close();
    },
  );
});

describe("the shared consumer", () => {
  let sim: SimulatedCluster;
  let opened = 0;
  let closed = 0;
  beforeEach(() => {
    sim = createSimulatedCluster();
    opened = 0;
    closed = 0;
  });
  afterEach(() => expect(closed).toBe(opened));

  const counted = () => {
    const { log } = sim.requester("r");
    const follow: typeof log.follow = async (...args) => {
      opened += 1;
      const following = await log.follow(...args);
      return {
        async close() {
          closed += 1;
          await following.close();
        },
      };
    };
    return createLiveEvents({ log: { ...log, follow }, clock: sim.clock });
  };

  it("is opened with the first hold, shared, and closed some time after the last", async () => {
    const live = counted();
    const holds = Promise.all([live.hold(), live.hold(), live.hold()]);
    await sim.clock.advance(1_000);
    const [first, ...others] = await holds;
    expect(opened).toBe(1);
    for (const hold of others) hold.release();
    await sim.clock.advance(apiLimits.feedLingerMs * 2);
    expect(closed).toBe(0);
    first?.release();
    first?.release();
    await sim.clock.advance(apiLimits.feedLingerMs - 1);
    expect(live.isOpen()).toBe(true);
    await sim.clock.advance(1);
    expect({ closed, isOpen: live.isOpen() }).toEqual({ closed: 1, isOpen: false });
  });
  it("stays open for a reader that returns in time", async () => {
    const live = counted();
    const opening = live.hold();
    await sim.clock.advance(1_000);
    (await opening).release();
    await sim.clock.advance(apiLimits.feedLingerMs - 1);
    const second = await live.hold();
    await sim.clock.advance(apiLimits.feedLingerMs * 2);
    expect({ opened, closed }).toEqual({ opened: 1, closed: 0 });
    second.release();
    await sim.clock.advance(apiLimits.feedLingerMs);
  });
  it("fails all pending holds while the log does not answer, and opens later", async () => {
    const { log, proc } = sim.requester("r");
    const live = createLiveEvents({ log, clock: sim.clock });
    proc.cutUntil(sim.clock.now() + 100_000);
    const failed = Promise.all(
      [1, 2].map(() => expect(live.hold()).rejects.toMatchObject({ code: "LOG_UNREACHABLE" })),
    );
    await sim.clock.advance(200_000);
    await failed;
    expect(live.isOpen()).toBe(false);
    const hold = live.hold();
    await sim.clock.advance(1_000);
    expect((await hold).join({ deliver: () => {} }, 0)).toBe(true);
    await live.close();
  });
});
