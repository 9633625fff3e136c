import type { Msg } from "@nats-io/nats-core";
import { createManualClock } from "@shoal/core/testing";
import { describe, expect, it } from "vitest";
import type { PublishOutcome } from "./publish-outcome.ts";
import { createPublisher, publisherLimits } from "./publisher.ts";

const { windowMax, waitingMax, answerMs } = publisherLimits;

/** A publisher over a connection whose answers come from the test. */
function harness() {
  const clock = createManualClock();
  const sent: { readonly subject: string; readonly reply: string }[] = [];
  const waiting = new Map<string, (message: Msg) => void>();
  let tooLarge = false;
  let serial = 0;
  let planned: (() => void)[] = [];
  const turn = () => {
    const tasks = planned;
    planned = [];
    for (const task of tasks) task();
  };
  const publisher = createPublisher({
    clock,
    deferred: { do: (task) => void planned.push(task), now: turn },
    nc: {
      publish(subject, _bytes, options) {
        if (tooLarge) throw new Error("larger than the server takes");
        sent.push({ subject, reply: options?.reply ?? "" });
      },
    },
    replies: {
      open(answered) {
        serial += 1;
        const reply = `_INBOX.${serial}`;
        waiting.set(reply, answered);
        return reply;
      },
      forget: (reply) => void waiting.delete(reply),
      close: () => waiting.clear(),
    },
  });
  const outcomes: Record<string, PublishOutcome> = {};
  return {
    clock,
    publisher,
    sent,
    outcomes,
    turn,
    open: waiting,
    refuseAll: () => {
      tooLarge = true;
    },
    publish(subject: string): void {
      void publisher.publish({ subject, bytes: new Uint8Array() }).then((outcome) => {
        outcomes[subject] = outcome;
      });
    },
    answer(index: number, ack: object): void {
      const data = new TextEncoder().encode(JSON.stringify(ack));
      waiting.get(sent[index]?.reply ?? "")?.({ data } as Msg);
    },
  };
}

const subjects = (count: number) => Array.from({ length: count }, (_, index) => `s.${index}`);
const unsent = (why: string) => ({ state: "unsent", why: expect.stringContaining(why) });
const unknown = (why: string) => ({ state: "unknown", why: expect.stringContaining(why) });

describe("a publisher", () => {
  it("sends at the end of the turn, in the order of the calls, and resolves each with its own answer", async () => {
    const { publisher, publish, turn, sent, answer, outcomes, clock, open } = harness();
    publisher.connection(true);
    for (const subject of ["a", "b", "c"]) publish(subject);
    expect(sent).toEqual([]);
    turn();
    expect(sent.map(({ subject }) => subject)).toEqual(["a", "b", "c"]);
    answer(1, { seq: 8 });
    answer(0, { seq: 7, duplicate: true });
    await clock.settle();
    expect(outcomes).toEqual({
      a: { state: "stored", seq: 7, duplicate: true },
      b: { state: "stored", seq: 8, duplicate: false },
    });
    expect(open.size).toBe(1);
  });

  it("has no more in flight than its window, and sends the next for each answer", () => {
    const { publisher, publish, turn, sent, answer } = harness();
    publisher.connection(true);
    for (const subject of subjects(windowMax + 2)) publish(subject);
    turn();
    expect(sent).toHaveLength(windowMax);
    answer(3, { seq: 1 });
    expect(sent.map(({ subject }) => subject).slice(windowMax)).toEqual([`s.${windowMax}`]);
  });

  it("reports a message without an answer in time as unknown, and one that was never sent as unsent", async () => {
    const { publisher, publish, turn, clock, outcomes, sent } = harness();
    publisher.connection(true);
    for (const subject of subjects(windowMax + 1)) publish(subject);
    turn();
    await clock.advance(answerMs - 1);
    expect(outcomes).toEqual({});
    await clock.advance(1);
    expect(outcomes["s.0"]).toEqual({ ...unknown(`within ${answerMs} ms`), cause: "unanswered" });
    expect(outcomes[`s.${windowMax}`]).toEqual(unsent(`within ${answerMs} ms`));
    publish("later");
    turn();
    expect(sent.at(-1)?.subject).toBe("later");
    await clock.advance(answerMs);
    expect(outcomes["later"]).toMatchObject({ state: "unknown" });
  });

  it("ignores an answer that arrives too late", async () => {
    const { publisher, publish, turn, clock, outcomes, answer, open } = harness();
    publisher.connection(true);
    publish("a");
    turn();
    await clock.advance(answerMs);
    answer(0, { seq: 7 });
    await clock.settle();
    expect([outcomes["a"]?.state, open.size]).toEqual(["unknown", 0]);
  });

  it("keeps unsent messages over a broken connection, and reports those in flight as unknown at once", async () => {
    const { publisher, publish, turn, clock, outcomes, sent } = harness();
    publisher.connection(true);
    publish("in flight");
    turn();
    publisher.connection(false);
    publish("while down");
    turn();
    await clock.settle();
    expect(outcomes).toEqual({ "in flight": unknown("the connection broke") });
    expect(sent).toHaveLength(1);
    publisher.connection(true);
    expect(sent.map(({ subject }) => subject)).toEqual(["in flight", "while down"]);
  });

  it("gives each message an outcome when it is closed, and accepts none afterwards", async () => {
    const { publisher, publish, turn, clock, outcomes, sent } = harness();
    publisher.connection(true);
    for (const subject of subjects(windowMax + 1)) publish(subject);
    turn();
    publisher.close();
    publish("afterwards");
    publisher.connection(true);
    turn();
    await clock.advance(answerMs);
    expect(outcomes["s.0"]).toEqual(unknown("was closed before the server answered"));
    expect(outcomes[`s.${windowMax}`]).toEqual(unsent("was closed"));
    expect(outcomes["afterwards"]).toEqual(unsent("was closed"));
    expect(sent).toHaveLength(windowMax);
  });

  it("reports only the message of the refused subject as refused", async () => {
    const { publisher, publish, turn, clock, outcomes } = harness();
    publisher.connection(true);
    for (const subject of ["a", "b"]) publish(subject);
    turn();
    publisher.refused("a", "no right");
    await clock.settle();
    expect(outcomes).toEqual({ a: { state: "refused", code: 0, why: "no right" } });
  });

  it("reports a message that the client cannot send as refused, and leaves no reply open", async () => {
    const { publisher, publish, turn, clock, outcomes, open, refuseAll } = harness();
    publisher.connection(true);
    refuseAll();
    publish("a");
    turn();
    await clock.settle();
    expect(outcomes["a"]).toEqual({ state: "refused", code: 0, why: "larger than the server takes" });
    expect(open.size).toBe(0);
  });

  it("refuses messages above the limit of waiting ones", async () => {
    const { publish, clock, outcomes } = harness();
    for (const subject of subjects(waitingMax + 1)) publish(subject);
    await clock.settle();
    expect(outcomes).toEqual({ [`s.${waitingMax}`]: unsent(`limit of ${waitingMax} waiting messages`) });
  });

  it("records the outcome of writes by place, for messages that are or may be stored", async () => {
    const { publisher, publish, turn, clock, answer } = harness();
    publisher.connection(true);
    for (const subject of ["$KV.jobs.a", "$KV.jobs.b", "shoal.evt.1.job", "shoal.rpt.1"]) publish(subject);
    turn();
    answer(0, { seq: 1 });
    answer(1, { error: { code: 503, err_code: 10_077, description: "no space" } });
    answer(3, { error: { code: 400, err_code: 10_071, description: "wrong sequence" } });
    const at = clock.now();
    await clock.advance(answerMs);
    const why = expect.stringContaining("no space");
    expect(publisher.writes()).toEqual([
      { place: "$KV.jobs", storedAt: at, failingSince: at, failedAt: at, why, isFull: true },
      expect.objectContaining({ place: "shoal.evt", storedAt: undefined, failingSince: at + answerMs, isFull: false }),
    ]);
  });
});
