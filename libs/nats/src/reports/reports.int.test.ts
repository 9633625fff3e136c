import type { ReceivedReport } from "@shoal/core";
import { record } from "@shoal/core/testing/contracts";
import { type Report, shardOf, streams, subjects } from "@shoal/proto";
import { afterEach, beforeEach, expect, it } from "vitest";
import { encodeMessage } from "../message-codec.ts";
import type { ReadMessage } from "../stream/read-message.ts";
import { readStream } from "../stream/reading.ts";
import { cutProxy } from "../testing/cut-proxy.ts";
import { type NatsHarness, natsHarness } from "../testing/nats-harness.ts";
import { onServer } from "../testing/on-server.ts";
import { parkedHeaders } from "./park.ts";
import { createReportPurger } from "./purge-reports.ts";
import { createReportQueue } from "./report-queue.ts";
import { createReportSender } from "./report-sender.ts";

onServer(() => {
  let harness: NatsHarness;
  beforeEach(async () => {
    harness = await natsHarness();
  });
  afterEach(() => harness.close());

  const report = (at: number): Report => ({
    at,
    namespace: "default",
    number: 1,
    saw: { kind: "running", startedAt: at },
  });
  const job = "j-1";

  it("delivers every report in order, after a position", async () => {
    const session = await harness.session();
    const sender = createReportSender(session, "n1");
    for (const at of [1, 2, 3]) await sender.send({ jobId: job, executionId: "e-1", report: report(at) });
    const collected = record<ReceivedReport>();
    const queue = createReportQueue(session, () => {});
    const first = await queue.follow(shardOf(job), 0, collected.push);
    expect((await collected.atLeast(3)).map(({ report: { at } }) => at)).toEqual([1, 2, 3]);
    await first.close();
    const rest = record<ReceivedReport>();
    const second = await queue.follow(shardOf(job), collected.all[1]?.seq ?? 0, rest.push);
    expect((await rest.atLeast(1)).map(({ report: { at } }) => at)).toEqual([3]);
    await second.close();
  });

  it("rejects a report whose acknowledgement is lost, although it is stored, so that it is repeated", async () => {
    const proxy = await cutProxy(harness.server().port);
    const [near, far] = [await harness.session(), await harness.session({ servers: [proxy.url] })];
    const collected = record<ReceivedReport>();
    const following = await createReportQueue(near, () => {}).follow(shardOf(job), 0, collected.push);
    proxy.deafen();
    const sending = createReportSender(far, "n1").send({ jobId: job, executionId: "e-1", report: report(1) });
    const refused = expect(sending).rejects.toMatchObject({ code: "LOG_UNREACHABLE" });
    await collected.atLeast(1);
    proxy.cut();
    await refused;
    await following.close();
    await proxy.close();
  });

  it("parks the head of a long report, with its length", async () => {
    const session = await harness.session();
    const subject = subjects.report("n1", job, "e-1");
    await session.publisher.publish({ subject, bytes: new Uint8Array(500_000).fill(7) });
    const parked = record<{ length: number; bytes: string }>();
    const following = await createReportQueue(session, () => {}).follow(shardOf(job), 0, () => {});
    const reading = await readStream(session, {
      stream: streams.parked,
      filter: subjects.allParked,
      from: { at: "behind", seq: 0 },
      deliver: (message) => parked.push({ length: message.bytes.length, bytes: message.header(parkedHeaders.bytes) }),
    });
    expect(await parked.atLeast(1)).toEqual([{ length: 4_096, bytes: "500000" }]);
    await following.close();
    await reading.close();
  });

  it("refuses a report without space with an error to retry, and accepts it when there is space", async () => {
    const session = await harness.session();
    const { streams: api } = await session.manager();
    await api.update(streams.reports, { max_bytes: 2_000 });
    const sender = createReportSender(session, "n1");
    const fill = async (): Promise<unknown> => {
      for (let at = 1; at < 100; at++) {
        const sending = sender.send({ jobId: job, executionId: "e-1", report: report(at) });
        const failure: unknown = await sending.then(() => undefined).catch((caught: unknown) => caught);
        if (failure !== undefined) return failure;
      }
      return undefined;
    };
    expect(await fill()).toMatchObject({ code: "LOG_UNREACHABLE", message: expect.stringContaining("maximum bytes") });
    const stored = (await api.info(streams.reports)).state;
    expect(stored.first_seq).toBe(1);
    createReportPurger(session).decided(shardOf(job), stored.last_seq);
    const room = async (): Promise<number> => (await api.info(streams.reports)).state.messages;
    await expect.poll(room, { timeout: 10_000 }).toBe(0);
    await sender.send({ jobId: job, executionId: "e-1", report: report(100) });
    expect(await room()).toBe(1);
  });

  it("purges only decided reports, and only of the shard", async () => {
    const session = await harness.session();
    const sender = createReportSender(session, "n1");
    const others = Array.from({ length: 64 }, (_, n) => `j-other-${n}`).find((id) => shardOf(id) !== shardOf(job));
    for (const at of [1, 2, 3]) await sender.send({ jobId: job, executionId: "e-1", report: report(at) });
    await sender.send({ jobId: others ?? "", executionId: "e-2", report: report(4) });
    createReportPurger(session).decided(shardOf(job), 2);
    const { streams: api } = await session.manager();
    await expect.poll(async () => (await api.info(streams.reports)).state.messages, { timeout: 10_000 }).toBe(2);
    const collected = record<ReceivedReport>();
    const following = await createReportQueue(session, () => {}).follow(shardOf(job), 0, collected.push);
    expect((await collected.atLeast(1)).map(({ seq }) => seq)).toEqual([3]);
    await following.close();
  });

  it("parks an unreadable report with its reason, counts it, and continues", async () => {
    const session = await harness.session();
    const subject = subjects.report("n1", job, "e-1");
    await session.publisher.publish({ subject, bytes: new TextEncoder().encode("no report at all") });
    await session.publisher.publish({ subject, bytes: encodeMessage({ ...report(1), saw: { kind: "dreamt" } }) });
    await createReportSender(session, "n1").send({ jobId: job, executionId: "e-1", report: report(2) });
    const counts = record<number>();
    const collected = record<ReceivedReport>();
    const parked = record<{ bytes: string; reason: string; subject: string }>();
    const following = await createReportQueue(session, counts.push).follow(shardOf(job), 0, collected.push);
    const deliver = (message: ReadMessage) =>
      parked.push({
        bytes: Buffer.from(message.bytes).toString("latin1"),
        reason: message.header(parkedHeaders.reason),
        subject: message.header(parkedHeaders.subject),
      });
    const reading = await readStream(session, {
      stream: streams.parked,
      filter: subjects.allParked,
      from: { at: "behind", seq: 0 },
      deliver,
    });
    expect((await collected.atLeast(1)).map(({ report: { at } }) => at)).toEqual([2]);
    expect(counts.all).toEqual([1, 2]);
    const [first, second] = await parked.atLeast(2);
    expect(first).toMatchObject({ bytes: "no report at all", subject });
    expect(second?.reason).toContain("saw.kind");
    await following.close();
    await reading.close();
  });
});
