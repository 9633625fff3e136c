import { createHandClock } from "@shoal/core/testing";
import { type Heard, heard } from "@shoal/core/testing/contracts";
import { streams, subjects } from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Link } from "../connection/link.ts";
import { cutProxy } from "../testing/cut-proxy.ts";
import { type NatsBench, natsBench } from "../testing/nats-bench.ts";
import { onServer } from "../testing/on-server.ts";
import { consumerLimits } from "./consumer.ts";
import type { ReadOptions } from "./read-options.ts";
import { readStream } from "./reading.ts";

onServer(() => {
  let bench: NatsBench;
  beforeEach(async () => {
    bench = await natsBench();
  });
  afterEach(() => bench.close());

  const subject = subjects.parked(1);
  const say = async (text: string) => {
    const link = await bench.link();
    const outcome = await link.publisher.publish({ subject, bytes: new TextEncoder().encode(text) });
    expect(outcome.state).toBe("stored");
  };

  /** Tells the subject's texts from its beginning, unless the options say otherwise. */
  const read = (link: Link, told: Heard<string>, options: Partial<ReadOptions> = {}) =>
    readStream(link, {
      stream: streams.parked,
      filter: subject,
      from: { at: "behind", seq: 0 },
      deliver: ({ bytes }) => told.tell(new TextDecoder().decode(bytes)),
      ...options,
    });

  const ways = [
    { way: "over the connection that all share", over: async (link: Link) => link },
    { way: "over a connection of its own", over: (link: Link) => link.openSecond() },
  ] as const;

  describe.each(ways)("a stream, read $way,", ({ over }) => {
    it("goes on behind the last message when its consumer is deleted under it", async () => {
      const link = await bench.link();
      const told = heard<string>();
      const reading = await read(await over(link), told, { consumerName: "mine" });
      await say("one");
      await told.atLeast(1);
      const manager = await link.manager();
      await manager.consumers.delete(streams.parked, "mine");
      await say("two");
      expect(await told.atLeast(2)).toEqual(["one", "two"]);
      expect(bench.troubles.join()).toContain("goes on behind");
      await reading.close();
    });

    it("delivers more than it asks for at a time, once each and in order", async () => {
      const link = await bench.link();
      // Two and a half requests' worth, so that the end of one falls into another.
      const count = 2_500;
      const texts = Array.from({ length: count }, (_, index) => `${index}`);
      await Promise.all(
        texts.map((text) => link.publisher.publish({ subject, bytes: new TextEncoder().encode(text) })),
      );
      const told = heard<string>();
      const ends = heard<number>();
      const reading = await read(await over(link), told, { caughtUp: () => ends.tell(told.all.length) });
      expect(await told.atLeast(count)).toEqual(texts);
      expect(await ends.atLeast(1)).toEqual([count]);
      await reading.close();
    });

    it("asks for no more while its reader has no room, however long, and for all the rest then", async () => {
      const clock = createHandClock();
      const link = await bench.link({ clock });
      const asked = consumerLimits.batch;
      const texts = Array.from({ length: asked + 5 }, (_, index) => `${index}`);
      await Promise.all(
        texts.map((text) => link.publisher.publish({ subject, bytes: new TextEncoder().encode(text) })),
      );
      const told = heard<string>();
      const full = Promise.withResolvers<void>();
      const rooms = [undefined, full.promise];
      const reading = await read(await over(link), told, { consumerName: "mine", room: () => rooms.shift() });
      await told.atLeast(asked);
      const manager = await link.manager();
      const { delivered, num_waiting } = await manager.consumers.info(streams.parked, "mine");
      expect({ delivered: delivered.consumer_seq, num_waiting }).toEqual({ delivered: asked, num_waiting: 0 });
      // Nothing is owed, so the server's silence means nothing.
      await clock.advance(10 * consumerLimits.heartbeatMs);
      full.resolve();
      expect(await told.atLeast(texts.length)).toEqual(texts);
      expect(bench.troubles).toEqual([]);
      await reading.close();
    });

    it("begins with what comes from now on", async () => {
      const link = await bench.link();
      await say("before");
      const told = heard<string>();
      const ends = heard<true>();
      const reading = await read(await over(link), told, { from: { at: "now" }, caughtUp: () => ends.tell(true) });
      await ends.atLeast(1);
      await say("after");
      expect(await told.atLeast(1)).toEqual(["after"]);
      await reading.close();
    });

    it("goes on behind the last message when its connection breaks", async () => {
      const proxy = await cutProxy(bench.server().port);
      const link = await bench.link({ servers: [proxy.url] });
      const told = heard<string>();
      const reading = await read(await over(link), told);
      await say("one");
      await told.atLeast(1);
      proxy.cutLast();
      await say("two");
      expect(await told.atLeast(2)).toEqual(["one", "two"]);
      // It heard so, and had not to wait for signs of life.
      expect(bench.troubles.join()).not.toContain("silent");
      await reading.close();
      await proxy.close();
    });

    it("goes on behind the last message when the server falls silent", async () => {
      const proxy = await cutProxy(bench.server().port);
      const troubles = heard<string>();
      const link = await bench.link({ servers: [proxy.url], onTrouble: troubles.tell });
      const told = heard<string>();
      const reading = await read(await over(link), told);
      await say("one");
      await told.atLeast(1);
      proxy.deafen();
      await say("two");
      expect((await troubles.atLeast(1)).join()).toContain("silent");
      proxy.cut();
      expect(await told.atLeast(2)).toEqual(["one", "two"]);
      await reading.close();
      await proxy.close();
    });

    it("tells what a message says of itself", async () => {
      const link = await bench.link();
      const name = subjects.parked(2);
      const headers = { "Shoal-Why": "a: b" };
      await link.publisher.publish({ subject: name, bytes: Buffer.from("a\r\nb"), headers });
      const told = heard<object>();
      const reading = await readStream(await over(link), {
        stream: streams.parked,
        filter: name,
        from: { at: "behind", seq: 0 },
        deliver: (message) =>
          told.tell({
            subject: message.subject,
            body: Buffer.from(message.bytes).toString(),
            why: message.header("Shoal-Why"),
            none: message.header("Nats-Nothing"),
          }),
      });
      expect(await told.atLeast(1)).toEqual([{ subject: name, body: "a\r\nb", why: "a: b", none: "" }]);
      await reading.close();
    });
  });
});
