import type { Following, StoredCommit } from "@shoal/core";
import { createManualClock, createSimulatedCluster, drive, type ManualClock } from "@shoal/core/testing";
import { commitVersion } from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { apiLimits } from "../limits.ts";
import { readCursor } from "./feed-cursor.ts";
import { createLiveEvents } from "./live-events.ts";
import { streamEvents } from "./stream-events.ts";

/** A commit with this number of events; positions have gaps. */
const commitAt = (seq: number, events: readonly string[]): StoredCommit => ({
  aggregate: { kind: "job", namespace: "default", id: "j-1" },
  seq,
  hash: `h${seq}`,
  commit: {
    v: commitVersion,
    id: `c${seq}`,
    at: 0,
    by: "r",
    actor: { type: "requester", id: "r" },
    cause: { command: "" },
    epoch: 0,
    prev: "",
    events: events.map((type) => ({ type, v: 1, data: {} })),
  },
});

const history = [commitAt(1, ["A", "B"]), commitAt(4, ["A"]), commitAt(5, ["A", "B", "C"]), commitAt(9, ["C"])];
const idsAll = ["1.0", "1.1", "4.0", "5.0", "5.1", "5.2", "9.0"];

/** A log that delivers its whole history at once to each consumer, like a fast server. */
function fastLog(clock: ManualClock) {
  let open = 0;
  let follows = 0;
  const log = {
    ...createSimulatedCluster().requester("r").log,
    lastSeq: async () => history.at(-1)?.seq ?? 0,
    async follow(_: object, afterSeq: number, deliver: (stored: StoredCommit) => void): Promise<Following> {
      open += 1;
      follows += 1;
      clock.at(clock.now(), () => history.filter(({ seq }) => seq > afterSeq).forEach(deliver));
      return {
        close: async () => {
          open -= 1;
        },
      };
    },
  };
  return { log, open: () => open, follows: () => follows };
}

let clock: ManualClock;
let sent: string[];
let dropped: boolean;
let drain: (() => void) | undefined;
let room: number;

beforeEach(() => {
  clock = createManualClock();
  sent = [];
  dropped = false;
  drain = undefined;
  room = Number.POSITIVE_INFINITY;
});

const reader = {
  write(piece: string) {
    sent.push(/^id: (.*)$/m.exec(piece)?.[1] ?? piece.trim());
    room -= 1;
    return room > 0;
  },
  onceDrained(callback: () => void) {
    drain = callback;
  },
  drop() {
    dropped = true;
  },
};

async function stream(from: string, types: readonly string[] = []) {
  const fast = fastLog(clock);
  const live = await createLiveEvents({ log: fast.log, clock }).hold();
  const failed = (failure: unknown) => expect.unreachable(String(failure));
  const request = { filter: {}, after: readCursor(from), types: new Set(types) };
  const stop = streamEvents({ log: fast.log, live, clock, reader, failed }, request);
  await clock.advance(0);
  const end = () => {
    stop();
    live.release();
  };
  return { ...fast, end };
}

describe("a feed", () => {
  it.each(idsAll.map((id, index) => [id, idsAll.slice(index + 1)] as const))(
    "resumes exactly after %s",
    async (id, rest) => {
      const { end } = await stream(id);
      expect(sent).toEqual(rest);
      end();
    },
  );
  it.each([
    ["0", idsAll],
    ["1", idsAll.slice(2)],
    ["4", idsAll.slice(3)],
    ["3", idsAll.slice(2)],
  ])("begins after position %s", async (position, rest) => {
    const { end } = await stream(position);
    expect(sent).toEqual(rest);
    end();
  });
  it("sends only the requested types", async () => {
    const { end } = await stream("0", ["c"]);
    expect(sent).toEqual(["5.2", "9.0"]);
    end();
  });
  it.each([1, 2, 3, 4, 5, 6])("waits for a reader that accepts %i at a time, and skips nothing", async (most) => {
    room = most;
    const { end, open } = await stream("0");
    while (sent.length < idsAll.length) {
      // Only the shared consumer: no read for a reader without room.
      expect(open()).toBe(1);
      room = most;
      drain?.();
      await clock.advance(0);
    }
    expect(sent).toEqual(idsAll);
    end();
    await clock.advance(apiLimits.feedLingerMs);
    expect(open()).toBe(0);
  });
  it("disconnects a reader that accepts nothing for too long", async () => {
    room = 1;
    await stream("0");
    await clock.advance(apiLimits.feedDrainMs - 1);
    expect(dropped).toBe(false);
    await clock.advance(1);
    expect(dropped).toBe(true);
    expect(clock.planned()).toBe(0);
  });
  it("reads past commits over a separate consumer, and joins the shared one when it reaches it", async () => {
    const { end, open, follows } = await stream("1.0");
    expect({ follows: follows(), open: open() }).toEqual({ follows: 2, open: 1 });
    end();
  });
  it("sends a keep-alive after silence, but not to a reader without room", async () => {
    const { end } = await stream("9");
    await clock.advance(apiLimits.feedHeartbeatMs * 2);
    expect(sent).toEqual([": still here", ": still here"]);
    end();
    await clock.advance(apiLimits.feedLingerMs);
    expect(clock.planned()).toBe(0);
    room = 1;
    sent = [];
    await stream("4");
    await clock.advance(apiLimits.feedHeartbeatMs);
    expect(sent).toEqual(["5.0"]);
  });
});

describe("a feed over a log that does not answer", () => {
  let driving: { stop(): void };
  afterEach(() => driving.stop());
  it("disconnects the reader, and reports the error", async () => {
    const sim = createSimulatedCluster();
    driving = drive(sim.clock);
    const { log, proc } = sim.requester("r");
    const live = await createLiveEvents({ log, clock }).hold();
    // Before the shared consumer's memory, so that the log has to be read.
    live.release();
    proc.cutUntil(sim.clock.now() + 1_000_000);
    const failure = await new Promise((failed) => {
      const request = { filter: {}, after: readCursor("0"), types: new Set<string>() };
      streamEvents({ log, live, clock, reader, failed }, request);
    });
    expect(failure).toMatchObject({ code: "LOG_UNREACHABLE" });
    expect(dropped).toBe(true);
  });
});

it.each(["x", "1.", ".1", "-1", "1.2.3", "1e3", "99999999999999999999"])("%s is not a position of a feed", (text) => {
  expect(() => readCursor(text)).toThrow(/not a position of the feed/);
});
