import { Fault, type OutgoingReport, silentLogger } from "@shoal/core";
import { createManualClock, createPrng, seededRandom } from "@shoal/core/testing";
import type { Report } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { createOutbox } from "./outbox.ts";

type Saw = Report["saw"];
const running: Saw = { kind: "running", startedAt: 1 };
const stopped: Saw = { kind: "stopped" };

const reportOf = (executionId: string, saw: Saw, number = saw.kind === "running" ? 1 : 2): OutgoingReport => ({
  jobId: "j-1",
  executionId,
  report: { at: 1, namespace: "default", number, saw },
});

/** An outbox with a log that answers when the test resolves the answer. */
function harness() {
  const clock = createManualClock(0);
  const delivered: string[] = [];
  const asked: string[] = [];
  const times: number[] = [];
  const waiting: { readonly what: string; readonly answer: PromiseWithResolvers<void> }[] = [];
  let reach: "at once" | "on release" | "never" = "at once";
  const outbox = createOutbox({
    clock,
    random: seededRandom(createPrng(1)),
    logger: silentLogger,
    onRepeat: (executionId) => asked.push(executionId),
    reports: {
      send: async ({ executionId, report }) => {
        const what = `${executionId} ${report.saw.kind}`;
        if (reach === "never") throw new Fault("LOG_UNREACHABLE", "no answer");
        if (reach === "on release") {
          const answer = Promise.withResolvers<void>();
          waiting.push({ what, answer });
          await answer.promise;
        }
        delivered.push(what);
        times.push(clock.now());
      },
    },
  });
  return {
    clock,
    outbox,
    delivered,
    times,
    asked,
    waiting,
    setReach: (to: typeof reach) => {
      reach = to;
    },
  };
}

describe("an outbox", () => {
  it("sends only the latest report of a tick", async () => {
    const { outbox, clock, delivered } = harness();
    outbox.send(reportOf("e-1", running));
    outbox.send(reportOf("e-1", stopped));
    outbox.send(reportOf("e-2", running));
    await clock.settle();
    expect(delivered).toEqual(["e-1 stopped", "e-2 running"]);
  });

  it("sends a newer report of an execution after the one in flight", async () => {
    const { outbox, clock, delivered, waiting, setReach } = harness();
    setReach("on release");
    outbox.send(reportOf("e-1", running));
    await clock.settle();
    outbox.send(reportOf("e-1", stopped));
    await clock.settle();
    expect(waiting.map(({ what }) => what)).toEqual(["e-1 running"]);
    setReach("at once");
    waiting[0]?.answer.resolve();
    await clock.settle();
    expect(delivered).toEqual(["e-1 running", "e-1 stopped"]);
  });

  it("never follows a number with an earlier one", async () => {
    const { outbox, clock, delivered } = harness();
    outbox.send(reportOf("e-1", stopped));
    await clock.settle();
    outbox.send(reportOf("e-1", running));
    await clock.settle();
    expect(delivered).toEqual(["e-1 stopped"]);
  });

  it("repeats a report on request", async () => {
    const { outbox, clock, delivered } = harness();
    const report = reportOf("e-1", stopped);
    outbox.send(report);
    await clock.settle();
    outbox.send(report);
    await clock.settle();
    expect(delivered).toEqual(["e-1 stopped", "e-1 stopped"]);
  });

  it("retries until the report is stored, with bounded growing pauses", async () => {
    const { outbox, clock, delivered, setReach } = harness();
    setReach("never");
    outbox.send(reportOf("e-1", running));
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
    outbox.send(reportOf("e-1", stopped));
    setReach("at once");
    await clock.step();
    expect(delivered).toEqual(["e-1 stopped"]);
    outbox.forget("e-1");
    expect(clock.planned()).toBe(0);
  });

  it("stops sending reports of a settled execution", async () => {
    const { outbox, clock, delivered, setReach } = harness();
    setReach("never");
    outbox.send(reportOf("e-1", running));
    await clock.settle();
    outbox.forget("e-1");
    setReach("at once");
    await clock.advance(60_000);
    expect(delivered).toEqual([]);
    expect(clock.planned()).toBe(0);
  });

  it("sends a bounded number at once, and queues the rest", async () => {
    const { outbox, clock, delivered, waiting, setReach } = harness();
    setReach("on release");
    for (let n = 0; n < 100; n++) outbox.send(reportOf(`e-${n}`, stopped));
    await clock.settle();
    expect(waiting).toHaveLength(64);
    setReach("at once");
    for (const { answer } of waiting) answer.resolve();
    await clock.settle();
    expect(new Set(delivered).size).toBe(100);
  });

  it("waits at its stop for reports in flight, for a bounded time", async () => {
    const { outbox, clock, delivered, waiting, setReach } = harness();
    setReach("on release");
    outbox.send(reportOf("e-1", stopped));
    await clock.settle();
    let ended = false;
    const stopping = outbox.stop().then(() => {
      ended = true;
    });
    await clock.settle();
    expect(ended).toBe(false);
    waiting[0]?.answer.resolve();
    await stopping;
    expect(delivered).toEqual(["e-1 stopped"]);

    const other = harness();
    other.setReach("never");
    other.outbox.send(reportOf("e-1", stopped));
    const given = other.outbox.stop();
    await other.clock.advance(2_000);
    await given;
    expect(other.delivered).toEqual([]);
  });
});

describe("an outbox whose report is stored", () => {
  const minute = 60_000;

  it("repeats it every three to five minutes, until the log has it", async () => {
    const { outbox, clock, delivered, times, asked } = harness();
    outbox.send(reportOf("e-1", stopped));
    await clock.advance(60 * minute);
    const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
    expect(gaps.length).toBeGreaterThanOrEqual(12);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(3 * minute);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(5 * minute);
    expect(new Set(gaps).size).toBeGreaterThan(5);
    expect(asked).toHaveLength(gaps.length);
    outbox.recorded("e-1", 1);
    await clock.advance(5 * minute);
    expect(delivered.length).toBe(gaps.length + 2);
    outbox.recorded("e-1", 2);
    await clock.advance(60 * minute);
    expect(delivered.length).toBe(gaps.length + 2);
  });

  it("repeats reports after the number that the log has", async () => {
    const { outbox, clock, delivered } = harness();
    outbox.send(reportOf("e-1", running));
    await clock.settle();
    outbox.recorded("e-1", 1);
    outbox.send(reportOf("e-1", stopped));
    await clock.advance(5 * minute);
    expect(delivered).toEqual(["e-1 running", "e-1 stopped", "e-1 stopped"]);
  });

  it("stops repeating reports of a settled execution", async () => {
    const { outbox, clock, delivered } = harness();
    outbox.send(reportOf("e-1", stopped));
    await clock.settle();
    outbox.forget("e-1");
    await clock.advance(60 * minute);
    expect([delivered.length, clock.planned()]).toEqual([1, 0]);
  });

  it("repeats all reports on request, including recorded ones, and a thousand without a burst", async () => {
    const { outbox, clock, delivered, times } = harness();
    for (let n = 0; n < 1_000; n++) outbox.send(reportOf(`e-${n}`, stopped));
    await clock.settle();
    for (let n = 0; n < 1_000; n++) outbox.recorded(`e-${n}`, 2);
    times.length = 0;
    outbox.repeatAll();
    await clock.advance(minute);
    expect([delivered.length, times.length]).toEqual([2_000, 1_000]);
    const perSecond = Map.groupBy(times, (at) => Math.floor(at / 1_000));
    expect(Math.max(...[...perSecond.values()].map(({ length }) => length))).toBeLessThanOrEqual(101);
    // A stored report is not repeated faster: 1,000 in two minutes.
    times.length = 0;
    await clock.advance(5 * minute);
    const resting = Map.groupBy(times, (at) => Math.floor(at / 1_000));
    expect(times.length).toBeGreaterThanOrEqual(1_000);
    expect(Math.max(...[...resting.values()].map(({ length }) => length))).toBeLessThan(50);
  });

  it("spreads the repetitions of a new process", async () => {
    const { outbox, clock, times } = harness();
    for (let n = 0; n < 1_000; n++) outbox.repeat(reportOf(`e-${n}`, stopped));
    await clock.advance(minute);
    const perSecond = Map.groupBy(times, (at) => Math.floor(at / 1_000));
    expect(times).toHaveLength(1_000);
    expect(Math.max(...[...perSecond.values()].map(({ length }) => length))).toBeLessThanOrEqual(101);
  });
});
