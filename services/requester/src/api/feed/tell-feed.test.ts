import type { Following, StoredCommit } from "@shoal/core";
import { createHandClock, createSea, drive, type HandClock } from "@shoal/core/testing";
import { commitVersion } from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { apiLimits } from "../limits.ts";
import { readPlace } from "./feed-place.ts";
import { tellFeed } from "./tell-feed.ts";

/** A commit with so many events; positions have gaps. */
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

/** A log that tells its whole history at once to whoever follows it, like a server that is fast. */
function fastLog(clock: HandClock) {
  let open = 0;
  let follows = 0;
  const log = {
    ...createSea().requester("r").log,
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

let clock: HandClock;
let told: string[];
let dropped: boolean;
let drain: (() => void) | undefined;
let room: number;

beforeEach(() => {
  clock = createHandClock();
  told = [];
  dropped = false;
  drain = undefined;
  room = Number.POSITIVE_INFINITY;
});

const reader = {
  write(piece: string) {
    told.push(/^id: (.*)$/m.exec(piece)?.[1] ?? piece.trim());
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

async function tell(from: string, types: readonly string[] = []) {
  const fast = fastLog(clock);
  const failed = (failure: unknown) => expect.unreachable(String(failure));
  const wish = { filter: {}, after: readPlace(from), types: new Set(types) };
  const end = tellFeed({ log: fast.log, clock, reader, failed }, wish);
  await clock.advance(0);
  return { ...fast, end };
}

describe("a feed", () => {
  it.each(idsAll.map((id, index) => [id, idsAll.slice(index + 1)] as const))(
    "resumes exactly behind %s",
    async (id, rest) => {
      const { end } = await tell(id);
      expect(told).toEqual(rest);
      end();
    },
  );
  it.each([
    ["0", idsAll],
    ["1", idsAll.slice(2)],
    ["4", idsAll.slice(3)],
    ["3", idsAll.slice(2)],
  ])("begins behind position %s", async (position, rest) => {
    const { end } = await tell(position);
    expect(told).toEqual(rest);
    end();
  });
  it("tells only the types that are wanted", async () => {
    const { end } = await tell("0", ["c"]);
    expect(told).toEqual(["5.2", "9.0"]);
    end();
  });
  it.each([1, 2, 3, 4, 5, 6])("waits for a reader who takes %i at a time, and misses nothing", async (most) => {
    room = most;
    const { end, open } = await tell("0");
    while (told.length < idsAll.length) {
      expect(open()).toBe(0);
      room = most;
      drain?.();
      await clock.advance(0);
    }
    expect(told).toEqual(idsAll);
    end();
    await clock.settle();
    expect(open()).toBe(0);
  });
  it("drops a reader who takes nothing for too long", async () => {
    room = 1;
    await tell("0");
    await clock.advance(apiLimits.feedDrainMs - 1);
    expect(dropped).toBe(false);
    await clock.advance(1);
    expect(dropped).toBe(true);
    expect(clock.planned()).toBe(0);
  });
  it("says that it lives when it was silent, and not to a reader who is full", async () => {
    const { end } = await tell("9");
    await clock.advance(apiLimits.feedHeartbeatMs * 2);
    expect(told).toEqual([": still here", ": still here"]);
    end();
    expect(clock.planned()).toBe(0);
    room = 1;
    told = [];
    await tell("4");
    await clock.advance(apiLimits.feedHeartbeatMs);
    expect(told).toEqual(["5.0"]);
  });
});

describe("a feed over a log that does not answer", () => {
  let driving: { stop(): void };
  afterEach(() => driving.stop());
  it("drops the reader, who comes again, and says why", async () => {
    const sea = createSea();
    driving = drive(sea.clock);
    const { log, berth } = sea.requester("r");
    berth.cutUntil(sea.clock.now() + 1_000_000);
    const failure = await new Promise((failed) => {
      tellFeed({ log, clock, reader, failed }, { filter: {}, after: readPlace("0"), types: new Set() });
    });
    expect(failure).toMatchObject({ code: "LOG_UNREACHABLE" });
    expect(dropped).toBe(true);
    expect(clock.planned()).toBe(0);
  });
});

it.each(["x", "1.", ".1", "-1", "1.2.3", "1e3", "99999999999999999999"])("%s is no place in a feed", (text) => {
  expect(() => readPlace(text)).toThrow(/no place in the feed/);
});
