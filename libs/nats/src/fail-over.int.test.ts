import { noTip } from "@shoal/core";
import { createHandClock, type HandClock } from "@shoal/core/testing";
import { heard, someCommit, someJob } from "@shoal/core/testing/contracts";
import { streams, subjects } from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Link } from "./connection/link.ts";
import { askServer } from "./connection/server-request.ts";
import { createEventLog } from "./event-log/event-log.ts";
import { consumerLimits } from "./stream/consumer.ts";
import { readStream } from "./stream/reading.ts";
import { type NatsBench, natsBench } from "./testing/nats-bench.ts";
import { onServer } from "./testing/on-server.ts";
import { ensureTopology } from "./topology/topology.ts";

onServer(() => {
  let bench: NatsBench;
  let clock: HandClock;
  beforeEach(async () => {
    bench = await natsBench({ topology: false });
    clock = createHandClock();
  });
  afterEach(() => bench.close());

  /** What is asked over a link to a server that claims to be one of several and lets the first questions of a kind fall. */
  function hardOfHearing(link: Link, kind: string, deafTo: number): { readonly link: Link; readonly asked: string[] } {
    const asked: string[] = [];
    const publish: Link["nc"]["publish"] = (subject, ...rest) => {
      if (subject.includes(kind)) asked.push(subject);
      if (!subject.includes(kind) || asked.length > deafTo) link.nc.publish(subject, ...rest);
    };
    const info = { ...link.nc.info, cluster: "three" };
    const nc: Link["nc"] = Object.create(link.nc, { publish: { value: publish }, info: { value: info } });
    return { link: { ...link, nc, clock }, asked };
  }

  const info = { subject: `$JS.API.STREAM.INFO.${streams.events}`, body: {} };

  describe("a cluster whose server died", () => {
    it("is asked again for what it let fall, and the first answer will do", async () => {
      await ensureTopology(await bench.link(), { replicas: 1 });
      const { link, asked } = hardOfHearing(await bench.link(), "STREAM.INFO", 2);
      const answer = askServer(link, info);
      await clock.advance(2_000);
      expect((await answer).state).toBe("ok");
      expect(asked).toHaveLength(3);
    });
    it("is not asked for ever", async () => {
      const { link } = hardOfHearing(await bench.link(), "STREAM.INFO", Number.POSITIVE_INFINITY);
      const answer = askServer(link, { ...info, withinMs: 1_500 });
      await clock.advance(1_500);
      expect(await answer).toEqual({ state: "unknown", why: "the server gave no answer within 1500 ms" });
    });
    it("is asked for another consumer soon when it does not answer for the first", async () => {
      const far = await bench.link();
      await ensureTopology(far, { replicas: 1 });
      const { link, asked } = hardOfHearing(far, "CONSUMER.CREATE", 1);
      const told = heard<number>();
      const deliver = ({ seq }: { readonly seq: number }) => told.tell(seq);
      const place = { stream: streams.parked, filter: subjects.parked(1) };
      const reading = readStream(link, { ...place, from: { at: "behind", seq: 0 }, deliver });
      // With the longest pause between two tries.
      await clock.advance(consumerLimits.answerLeastMs + 70);
      await far.publisher.publish({ subject: subjects.parked(1), bytes: new Uint8Array(1) });
      expect(await told.atLeast(1)).toEqual([1]);
      expect(new Set(asked).size).toBe(2);
      await (await reading).close();
    });
    it("takes a commit as soon as a stream listens again, and nobody looks for it before", async () => {
      const far = await bench.link();
      const { link, asked } = hardOfHearing(far, "MSG.GET", Number.POSITIVE_INFINITY);
      const log = createEventLog({ ...link, clock: far.clock });
      const job = someJob();
      const appending = log.append(job, noTip, someCommit(noTip));
      await ensureTopology(far, { replicas: 1 });
      expect((await appending).seq).toBe(1);
      expect(asked).toEqual([]);
    });
  });
});
