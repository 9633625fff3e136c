import { noTip, type StoredCommit } from "@shoal/core";
import { createDice, createSea, drawFaults, type Sea } from "@shoal/core/testing";
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

/** Appends a commit of so many events as another process would. */
function append(sea: Sea, aggregate: AggregateRef, events: number): void {
  const tip = sea.log.load(aggregate, 0).at(-1) ?? noTip;
  sea.log.append(aggregate, tip, {
    v: commitVersion,
    id: `c-${shardOf(aggregate.id)}-${sea.log.entries.length}`,
    at: 0,
    by: "r",
    actor: { type: "requester", id: "r" },
    cause: { command: "Test" },
    epoch: 0,
    prev: tip.hash,
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
  /** Events that it takes at a time. */
  readonly pace: number;
  readonly sent: string[];
  after: FeedCursor | undefined;
}

/** As a browser waits before it comes back. */
const retryMs = 3_000;
// Several times what the slowest reader needs for all events.
const settledMs = 600_000;

function expectedBy(sea: Sea, { filter, after }: Client): readonly string[] {
  return sea.log.entries
    .filter(({ aggregate }) => passes(filter, aggregate))
    .flatMap(idsOf)
    .filter((id) => {
      const [seq = 0, index = 0] = id.split(".").map(Number);
      return after !== undefined && (seq > after.seq || (seq === after.seq && index > after.index));
    });
}

const idsOf = ({ seq, commit }: StoredCommit) => commit.events.map((_, index) => `${seq}.${index}`);

describe("feeds that share a consumer", () => {
  // Enough that joins, cuts and slow readers meet in many orders; each takes some milliseconds.
  it.each(Array.from({ length: 40 }, (_, seed) => seed))(
    "send each reader everything, once, in order: seed %i",
    async (seed) => {
      const dice = createDice(`feeds ${seed}`);
      const sea = createSea({ seed, faults: { ...drawFaults(dice), crash: 0, requestLost: 0, replyLost: 0 } });
      const { log, berth } = sea.requester("r");
      // So few that most readers fall behind what is in memory.
      const live = createLiveEvents({ log, clock: sea.clock, recentCommits: dice.between(1, 6) });
      const clients: { readonly sent: string[]; readonly expected: () => readonly string[] }[] = [];

      /** Reads as a browser does: one that is dropped, or not let in, comes back behind the last event that it got. */
      const connect = async (client: Client): Promise<void> => {
        const again = () => void sea.clock.at(sea.clock.now() + retryMs, () => void connect(client));
        let hold: LiveHold;
        try {
          hold = await live.hold();
          client.after ??= await startOf(client);
        } catch {
          return again();
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
            sea.clock.at(sea.clock.now() + dice.between(1, 200), () => {
              room = client.pace;
              callback();
            });
          },
          drop() {
            hold.release();
            again();
          },
        };
        const { filter } = client;
        const parts = { log, live: hold, clock: sea.clock, reader, failed: () => {} };
        streamEvents(parts, { filter, after, types: new Set() });
      };
      /** Anywhere in what is there, or from now on. */
      const startOf = async (client: Client): Promise<FeedCursor> => {
        const end = await log.lastSeq();
        clients.push({ sent: client.sent, expected: () => expectedBy(sea, client) });
        const positions = sea.log.entries.map(({ seq }) => seq).filter((seq) => seq <= end);
        const seq = dice.pick([0, end, ...positions]);
        return dice.chance(0.5) ? behindCommit(seq) : { seq, index: 0 };
      };
      for (let step = 0; step < 120; step++) {
        if (dice.chance(0.8)) append(sea, dice.pick(aggregates), dice.between(1, 3));
        // As when the log changes its leader: nothing arrives for a while, and then everything in order.
        if (dice.chance(0.03)) berth.cutUntil(sea.clock.now() + dice.between(10, 900));
        if (dice.chance(0.1)) {
          const { namespace, id } = dice.pick(jobs);
          const filter = dice.pick<FeedFilter>([{}, { namespace }, { jobId: id }]);
          void connect({ filter, pace: dice.between(1, 5), sent: [], after: undefined });
        }
        await sea.clock.advance(dice.between(0, 60));
      }
      await sea.clock.advance(settledMs);
      expect(clients.length).toBeGreaterThan(2);
      for (const { sent, expected } of clients) expect(sent).toEqual(expected());
      await live.close();
    },
  );
});

describe("the shared consumer", () => {
  let sea: Sea;
  let opened = 0;
  let closed = 0;
  beforeEach(() => {
    sea = createSea();
    opened = 0;
    closed = 0;
  });
  afterEach(() => expect(closed).toBe(opened));

  const counted = () => {
    const { log } = sea.requester("r");
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
    return createLiveEvents({ log: { ...log, follow }, clock: sea.clock });
  };

  it("is opened with the first hold, shared, and closed a while after the last", async () => {
    const live = counted();
    const holds = Promise.all([live.hold(), live.hold(), live.hold()]);
    await sea.clock.advance(1_000);
    const [first, ...others] = await holds;
    expect(opened).toBe(1);
    for (const hold of others) hold.release();
    await sea.clock.advance(apiLimits.feedLingerMs * 2);
    expect(closed).toBe(0);
    first?.release();
    first?.release();
    await sea.clock.advance(apiLimits.feedLingerMs - 1);
    expect(live.isOpen()).toBe(true);
    await sea.clock.advance(1);
    expect({ closed, isOpen: live.isOpen() }).toEqual({ closed: 1, isOpen: false });
  });
  it("stays open for a reader that comes back in time", async () => {
    const live = counted();
    const opening = live.hold();
    await sea.clock.advance(1_000);
    (await opening).release();
    await sea.clock.advance(apiLimits.feedLingerMs - 1);
    const again = await live.hold();
    await sea.clock.advance(apiLimits.feedLingerMs * 2);
    expect({ opened, closed }).toEqual({ opened: 1, closed: 0 });
    again.release();
    await sea.clock.advance(apiLimits.feedLingerMs);
  });
  it("fails for everyone who waits while the log does not answer, and opens later", async () => {
    const { log, berth } = sea.requester("r");
    const live = createLiveEvents({ log, clock: sea.clock });
    berth.cutUntil(sea.clock.now() + 100_000);
    const failed = Promise.all(
      [1, 2].map(() => expect(live.hold()).rejects.toMatchObject({ code: "LOG_UNREACHABLE" })),
    );
    await sea.clock.advance(200_000);
    await failed;
    expect(live.isOpen()).toBe(false);
    const hold = live.hold();
    await sea.clock.advance(1_000);
    expect((await hold).join({ deliver: () => {} }, 0)).toBe(true);
    await live.close();
  });
});
