import { createManualClock } from "@shoal/core/testing";
import { type Recorded, record } from "@shoal/core/testing/contracts";
import { streams, subjects } from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { NatsSession } from "../connection/nats-session.ts";
import { cutProxy } from "../testing/cut-proxy.ts";
import { type NatsHarness, natsHarness } from "../testing/nats-harness.ts";
import { onServer } from "../testing/on-server.ts";
import { consumerLimits } from "./consumer.ts";
import type { ReadOptions } from "./read-options.ts";
import { readStream } from "./reading.ts";

onServer(() => {
  let harness: NatsHarness;
  beforeEach(async () => {
    harness = await natsHarness();
  });
  afterEach(() => harness.close());

  const subject = subjects.parked(1);
  const publish = async (text: string) => {
    const session = await harness.session();
    const outcome = await session.publisher.publish({ subject, bytes: new TextEncoder().encode(text) });
    expect(outcome.state).toBe("stored");
  };

  /** Records the subject's texts from its beginning, unless the options differ. */
  const read = (session: NatsSession, collected: Recorded<string>, options: Partial<ReadOptions> = {}) =>
    readStream(session, {
      stream: streams.parked,
      filter: subject,
      from: { at: "behind", seq: 0 },
      deliver: ({ bytes }) => collected.push(new TextDecoder().decode(bytes)),
      ...options,
    });

  const ways = [
    { way: "over the connection that all share", over: async (session: NatsSession) => session },
    { way: "over a separate connection", over: (session: NatsSession) => session.openSecond() },
  ] as const;

  describe.each(ways)("a stream, read $way,", ({ over }) => {
    it("continues after the last message when its consumer is deleted", async () => {
      const session = await harness.session();
      const collected = record<string>();
      const reading = await read(await over(session), collected, { consumerName: "mine" });
      await publish("one");
      await collected.atLeast(1);
      const manager = await session.manager();
      await manager.consumers.delete(streams.parked, "mine");
      await publish("two");
      expect(await collected.atLeast(2)).toEqual(["one", "two"]);
      expect(harness.faultPlan.join()).toContain("continues after");
      await reading.close();
    });

    it("delivers more messages than one batch, once each and in order", async () => {
      const session = await harness.session();
      // Two and a half requests, so that the end of one is within another.
      const count = 2_500;
      const texts = Array.from({ length: count }, (_, index) => `${index}`);
      await Promise.all(
        texts.map((text) => session.publisher.publish({ subject, bytes: new TextEncoder().encode(text) })),
      );
      const collected = record<string>();
      const ends = record<number>();
      const reading = await read(await over(session), collected, { caughtUp: () => ends.push(collected.all.length) });
      expect(await collected.atLeast(count)).toEqual(texts);
      expect(await ends.atLeast(1)).toEqual([count]);
      await reading.close();
    });

    it("requests no more while its reader is full, for any time, and then all the rest", async () => {
      const clock = createManualClock();
      const session = await harness.session({ clock });
      const asked = consumerLimits.batch;
      const texts = Array.from({ length: asked + 5 }, (_, index) => `${index}`);
      await Promise.all(
        texts.map((text) => session.publisher.publish({ subject, bytes: new TextEncoder().encode(text) })),
      );
      const collected = record<string>();
      const full = Promise.withResolvers<void>();
      const rooms = [undefined, full.promise];
      const reading = await read(await over(session), collected, { consumerName: "mine", room: () => rooms.shift() });
      await collected.atLeast(asked);
      const manager = await session.manager();
      const { delivered, num_waiting } = await manager.consumers.info(streams.parked, "mine");
      expect({ delivered: delivered.consumer_seq, num_waiting }).toEqual({ delivered: asked, num_waiting: 0 });
      // No request is open, so the server's silence is no error.
      await clock.advance(10 * consumerLimits.heartbeatMs);
      full.resolve();
      expect(await collected.atLeast(texts.length)).toEqual(texts);
      expect(harness.faultPlan).toEqual([]);
      await reading.close();
    });

    it("begins with new messages on request", async () => {
      const session = await harness.session();
      await publish("before");
      const collected = record<string>();
      const ends = record<true>();
      const reading = await read(await over(session), collected, {
        from: { at: "now" },
        caughtUp: () => ends.push(true),
      });
      await ends.atLeast(1);
      await publish("after");
      expect(await collected.atLeast(1)).toEqual(["after"]);
      await reading.close();
    });

    it("continues after the last message when its connection breaks", async () => {
      const proxy = await cutProxy(harness.server().port);
      const session = await harness.session({ servers: [proxy.url] });
      const collected = record<string>();
      const reading = await read(await over(session), collected);
      await publish("one");
      await collected.atLeast(1);
      proxy.cutLast();
      await publish("two");
      expect(await collected.atLeast(2)).toEqual(["one", "two"]);
      // The server reported it, so the read did not wait for a missed heartbeat.
      expect(harness.faultPlan.join()).not.toContain("no heartbeat");
      await reading.close();
      await proxy.close();
    });

    it("continues after the last message when the server stops answering", async () => {
      const proxy = await cutProxy(harness.server().port);
      const faultPlan = record<string>();
      const session = await harness.session({ servers: [proxy.url], onNatsError: faultPlan.push });
      const collected = record<string>();
      const reading = await read(await over(session), collected);
      await publish("one");
      await collected.atLeast(1);
      proxy.deafen();
      await publish("two");
      expect((await faultPlan.atLeast(1)).join()).toContain("no heartbeat");
      proxy.cut();
      expect(await collected.atLeast(2)).toEqual(["one", "two"]);
      await reading.close();
      await proxy.close();
    });

    it("returns a message's subject, bytes and headers", async () => {
      const session = await harness.session();
      const name = subjects.parked(2);
      const headers = { "Shoal-Why": "a: b" };
      await session.publisher.publish({ subject: name, bytes: Buffer.from("a\r\nb"), headers });
      const collected = record<object>();
      const reading = await readStream(await over(session), {
        stream: streams.parked,
        filter: name,
        from: { at: "behind", seq: 0 },
        deliver: (message) =>
          collected.push({
            subject: message.subject,
            body: Buffer.from(message.bytes).toString(),
            why: message.header("Shoal-Why"),
            none: message.header("Nats-Nothing"),
          }),
      });
      expect(await collected.atLeast(1)).toEqual([{ subject: name, body: "a\r\nb", why: "a: b", none: "" }]);
      await reading.close();
    });
  });
});
