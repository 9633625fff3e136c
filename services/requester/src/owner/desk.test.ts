import { type EventLog, Fault } from "@shoal/core";
import { createSea, drive } from "@shoal/core/testing";
import { expect, it } from "vitest";
import { Desk } from "./desk.ts";

interface Said {
  readonly name: string;
  readonly sizeBytes: number;
}

const commitBytesMax = 10;
const event = (sizeBytes: number) => ({ type: "Said", v: 1, data: { sizeBytes } });

/** A desk that writes down whatever it is told, over a log whose commits hold no more than ten bytes. */
function bench() {
  const sea = createSea();
  const { log, clock, chance } = sea.requester("r");
  const commits: number[][] = [];
  const small: EventLog = {
    ...log,
    async append(aggregate, after, commit) {
      const sizes = commit.events.map(({ data }) => Number(Object(data).sizeBytes));
      if (sizes.reduce((sum, size) => sum + size, 0) > commitBytesMax) throw new Fault("TOO_LARGE", "too large");
      commits.push(sizes);
      return log.append(aggregate, after, commit);
    },
  };
  const desk = new Desk<number, Said, ReturnType<typeof event>>({
    ref: { kind: "job", namespace: "default", id: "j-1" },
    craft: {
      decide: (_, { sizeBytes }) => ({ ok: true, events: [event(sizeBytes)] }),
      evolve: (sum, { data }) => (sum ?? 0) + data.sizeBytes,
      views: [],
    },
    ...{ log: small, clock, chance },
    by: "r",
    epoch: 1,
    changed: () => {},
  });
  return { desk, commits, clock: sea.clock };
}

it("writes what is too much for one commit in several, and refuses only what is too large by itself", async () => {
  const { desk, commits, clock } = bench();
  const driving = drive(clock);
  const saying = [4, 3, 99, 5, 5, 1].map((sizeBytes) => desk.command({ name: "Say", sizeBytes }));
  const outcomes = await Promise.allSettled(saying);
  driving.stop();
  expect(outcomes.map(({ status }) => status)).toEqual(
    [..."ffrfff"].map((each) => (each === "f" ? "fulfilled" : "rejected")),
  );
  expect(commits.flat()).toEqual([4, 3, 5, 5, 1]);
  expect(desk.state()).toBe(18);
});
