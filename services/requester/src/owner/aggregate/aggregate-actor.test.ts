import { type EventLog, Fault, noReaction } from "@shoal/core";
import { createSimulatedCluster, drive } from "@shoal/core/testing";
import { expect, it } from "vitest";
import { AggregateActor } from "./aggregate-actor.ts";

interface Noted {
  readonly name: string;
  readonly sizeBytes: number;
}

const commitBytesMax = 10;
const actor = { type: "requester", id: "r" } as const;
const event = (sizeBytes: number) => ({ type: "Noted", v: 1, data: { sizeBytes } });

/** An actor that records every command, over a log whose commits hold no more than ten bytes. */
function harness() {
  const sim = createSimulatedCluster();
  const { log, clock, random } = sim.requester("r");
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
  const counter = new AggregateActor<number, Noted, ReturnType<typeof event>>({
    ref: { kind: "job", namespace: "default", id: "j-1" },
    kind: {
      ...{ name: "counter", isNamespaced: true, events: [], views: [], creates: [], accepts: {} },
      decide: (_, { sizeBytes }) => ({ ok: true, events: [event(sizeBytes)] }),
      evolve: (sum, { data }) => (sum ?? 0) + data.sizeBytes,
      react: () => noReaction,
      isEnded: () => false,
      isSettled: () => false,
      nodesOf: () => [],
    },
    ...{ log: small, clock, random },
    by: "r",
    epoch: 1,
    isOwner: true,
    onCommit: () => {},
  });
  return { counter, commits, clock: sim.clock };
}

it("splits a batch that is too large for one commit, and refuses only a command that is too large by itself", async () => {
  const { counter, commits, clock } = harness();
  const driving = drive(clock);
  const sending = [4, 3, 99, 5, 5, 1].map((sizeBytes) =>
    counter.command({ command: { name: "Say", sizeBytes }, actor }),
  );
  const outcomes = await Promise.allSettled(sending);
  driving.stop();
  expect(outcomes.map(({ status }) => status)).toEqual(
    [..."ffrfff"].map((each) => (each === "f" ? "fulfilled" : "rejected")),
  );
  expect(commits.flat()).toEqual([4, 3, 5, 5, 1]);
  expect(counter.state()).toBe(18);
});
