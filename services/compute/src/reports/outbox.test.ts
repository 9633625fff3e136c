import { Fault, type OutgoingReport } from "@shoal/core";
import { createDice, createHandClock, seededChance } from "@shoal/core/testing";
import type { Report } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { silence } from "../notes.ts";
import { createOutbox } from "./outbox.ts";

type Saw = Report["saw"];
const running: Saw = { kind: "running", startedAt: 1 };
const stopped: Saw = { kind: "stopped" };

const say = (executionId: string, saw: Saw): OutgoingReport => ({
  jobId: "j-1",
  executionId,
  report: { at: 1, namespace: "default", saw },
});

/** An outbox before a log that answers when it is told to. */
function bench() {
  const clock = createHandClock(0);
  const heard: string[] = [];
  const waiting: { readonly what: string; readonly answer: PromiseWithResolvers<void> }[] = [];
  let reach: "at once" | "when told" | "never" = "at once";
  const outbox = createOutbox({
    clock,
    chance: seededChance(createDice(1)),
    notes: silence,
    reports: {
      send: async ({ executionId, report }) => {
        const what = `${executionId} ${report.saw.kind}`;
        if (reach === "never") throw new Fault("LOG_UNREACHABLE", "no answer");
        if (reach === "when told") {
          const answer = Promise.withResolvers<void>();
          waiting.push({ what, answer });
          await answer.promise;
        }
        heard.push(what);
      },
    },
  });
  return {
    clock,
    outbox,
    heard,
    waiting,
    setReach: (to: typeof reach) => {
      reach = to;
    },
  };
}

describe("an outbox", () => {
  it("says the latest of a moment, and no more", async () => {
    const { outbox, clock, heard } = bench();
    outbox.say(say("e-1", running));
    outbox.say(say("e-1", stopped));
    outbox.say(say("e-2", running));
    await clock.settle();
    expect(heard).toEqual(["e-1 stopped", "e-2 running"]);
  });

  it("says what came while it was saying something else of the same execution, behind it", async () => {
    const { outbox, clock, heard, waiting, setReach } = bench();
    setReach("when told");
    outbox.say(say("e-1", running));
    await clock.settle();
    outbox.say(say("e-1", stopped));
    await clock.settle();
    expect(waiting.map(({ what }) => what)).toEqual(["e-1 running"]);
    setReach("at once");
    waiting[0]?.answer.resolve();
    await clock.settle();
    expect(heard).toEqual(["e-1 running", "e-1 stopped"]);
  });

  it("never follows an end with what came before it", async () => {
    const { outbox, clock, heard } = bench();
    outbox.say(say("e-1", stopped));
    await clock.settle();
    outbox.say(say("e-1", running));
    await clock.settle();
    expect(heard).toEqual(["e-1 stopped"]);
  });

  it("says it again when it is asked to", async () => {
    const { outbox, clock, heard } = bench();
    const report = say("e-1", stopped);
    outbox.say(report);
    await clock.settle();
    outbox.say(report);
    await clock.settle();
    expect(heard).toEqual(["e-1 stopped", "e-1 stopped"]);
  });

  it("says it until it is heard, with pauses that grow to a bound", async () => {
    const { outbox, clock, heard, setReach } = bench();
    setReach("never");
    outbox.say(say("e-1", running));
    await clock.settle();
    const pauses: number[] = [];
    for (let n = 0; n < 12; n++) {
      const before = clock.now();
      await clock.step();
      pauses.push(clock.now() - before);
    }
    expect(pauses[0]).toBeLessThanOrEqual(100);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(5_000);
    expect(pauses.at(-1)).toBeGreaterThanOrEqual(2_500);
    outbox.say(say("e-1", stopped));
    setReach("at once");
    await clock.step();
    expect(heard).toEqual(["e-1 stopped"]);
    expect(clock.planned()).toBe(0);
  });

  it("stops saying what is settled", async () => {
    const { outbox, clock, heard, setReach } = bench();
    setReach("never");
    outbox.say(say("e-1", running));
    await clock.settle();
    outbox.forget("e-1");
    setReach("at once");
    await clock.advance(60_000);
    expect(heard).toEqual([]);
    expect(clock.planned()).toBe(0);
  });

  it("says a bounded number at once, and the rest behind them", async () => {
    const { outbox, clock, heard, waiting, setReach } = bench();
    setReach("when told");
    for (let n = 0; n < 100; n++) outbox.say(say(`e-${n}`, stopped));
    await clock.settle();
    expect(waiting).toHaveLength(64);
    setReach("at once");
    for (const { answer } of waiting) answer.resolve();
    await clock.settle();
    expect(new Set(heard).size).toBe(100);
  });

  it("waits at its end for what is on the way, and not for ever", async () => {
    const { outbox, clock, heard, waiting, setReach } = bench();
    setReach("when told");
    outbox.say(say("e-1", stopped));
    await clock.settle();
    let ended = false;
    const stopping = outbox.stop().then(() => {
      ended = true;
    });
    await clock.settle();
    expect(ended).toBe(false);
    waiting[0]?.answer.resolve();
    await stopping;
    expect(heard).toEqual(["e-1 stopped"]);

    const other = bench();
    other.setReach("never");
    other.outbox.say(say("e-1", stopped));
    const given = other.outbox.stop();
    await other.clock.advance(2_000);
    await given;
    expect(other.heard).toEqual([]);
  });
});
