import type { ReceivedReport } from "@shoal/core";
import { heard } from "@shoal/core/testing/contracts";
import { type Report, shardOf, streams, subjects } from "@shoal/proto";
import { afterEach, beforeEach, expect, it } from "vitest";
import { encode } from "../codec/plain-maps.ts";
import type { ReadMessage } from "../intake/intake.ts";
import { readStream } from "../stream/reading.ts";
import { type NatsBench, natsBench } from "../testing/nats-bench.ts";
import { onServer } from "../testing/on-server.ts";
import { parkedHeaders } from "./park.ts";
import { createReportQueue } from "./report-queue.ts";
import { createReportSender } from "./report-sender.ts";

onServer(() => {
  let bench: NatsBench;
  beforeEach(async () => {
    bench = await natsBench();
  });
  afterEach(() => bench.close());

  const report = (at: number): Report => ({ at, namespace: "default", saw: { kind: "running", startedAt: at } });
  const job = "j-1";

  it("tells every report in order, behind a position, and stores the same one once", async () => {
    const link = await bench.link();
    const sender = createReportSender(link, "n1");
    for (const at of [1, 2, 2, 3]) await sender.send({ jobId: job, executionId: "e-1", report: report(at) });
    const told = heard<ReceivedReport>();
    const queue = createReportQueue(link, () => {});
    const first = await queue.follow(shardOf(job), 0, told.tell);
    expect((await told.atLeast(3)).map(({ report: { at } }) => at)).toEqual([1, 2, 3]);
    await first.close();
    const rest = heard<ReceivedReport>();
    const second = await queue.follow(shardOf(job), told.all[1]?.seq ?? 0, rest.tell);
    expect((await rest.atLeast(1)).map(({ report: { at } }) => at)).toEqual([3]);
    await second.close();
  });

  it("parks what cannot be read with its reason, counts it, and goes on", async () => {
    const link = await bench.link();
    const subject = subjects.report("n1", job, "e-1");
    await link.publisher.publish({ subject, bytes: new TextEncoder().encode("no report at all") });
    await link.publisher.publish({ subject, bytes: encode({ ...report(1), saw: { kind: "dreamt" } }) });
    await createReportSender(link, "n1").send({ jobId: job, executionId: "e-1", report: report(2) });
    const counts = heard<number>();
    const told = heard<ReceivedReport>();
    const parked = heard<{ bytes: string; reason: string; subject: string }>();
    const following = await createReportQueue(link, counts.tell).follow(shardOf(job), 0, told.tell);
    const deliver = (message: ReadMessage) =>
      parked.tell({
        bytes: Buffer.from(message.bytes).toString("latin1"),
        reason: message.header(parkedHeaders.reason),
        subject: message.header(parkedHeaders.subject),
      });
    const reading = await readStream(link, {
      stream: streams.parked,
      filter: subjects.allParked,
      from: { at: "behind", seq: 0 },
      deliver,
    });
    expect((await told.atLeast(1)).map(({ report: { at } }) => at)).toEqual([2]);
    expect(counts.all).toEqual([1, 2]);
    const [first, second] = await parked.atLeast(2);
    expect(first).toMatchObject({ bytes: "no report at all", subject });
    expect(second?.reason).toContain("saw.kind");
    await following.close();
    await reading.close();
  });
});
