import { jetstream } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { isCommit, kinds, noStreamPosition } from "@shoal/core";
import { grow, record, someJob } from "@shoal/core/testing/contracts";
import { systemClock, systemRandom } from "@shoal/node";
import { buckets, streams, subjectOf, subjects } from "@shoal/proto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { messageReader } from "../event-log/commit-codec.ts";
import { connectRequester, type NatsRequesterPorts } from "../requester-ports.ts";
import { type NatsHarness, natsHarness } from "../testing/nats-harness.ts";
import { onServer } from "../testing/on-server.ts";
import { inboxPrefixOf, permissionsOfObserver, permissionsOfRequester } from "./rights.ts";

onServer(() => {
  const pass = "secret";
  const users = [
    { user: "requester", password: pass, rights: permissionsOfRequester() },
    { user: "auditor", password: pass, rights: permissionsOfObserver("auditor") },
  ];
  const job = someJob();

  let harness: NatsHarness;
  let requester: NatsRequesterPorts;
  let observer: NatsConnection;
  let refusals: string[] = [];
  beforeAll(async () => {
    harness = await natsHarness({ users, topology: false });
    const servers = [harness.server().url];
    const quiet = { onParked: () => {} };
    requester = await connectRequester({
      clock: systemClock(),
      random: systemRandom,
      servers,
      user: "requester",
      pass,
      requesterId: "r1",
      replicas: 1,
      ...quiet,
    });
    await grow(requester.log, job, 3);
    // The plain client, as another program uses it.
    observer = await connect({ servers, user: "auditor", pass, inboxPrefix: inboxPrefixOf("auditor") });
    void (async () => {
      for await (const status of observer.status()) if (status.type === "error") refusals.push(status.error.message);
    })();
  });
  afterAll(async () => {
    await observer?.close();
    await requester?.close();
    await harness?.close();
  });

  describe("an observer", () => {
    it.each([
      ["an ordered consumer", {}],
      ["another filter", { filter_subjects: subjectOf(job) }],
    ])("reads the log with %s of the plain client", async (_what, options) => {
      const consumer = await jetstream(observer, { checkAPI: false }).consumers.get(streams.events, options);
      const read: number[] = [];
      for await (const message of await consumer.fetch({ max_messages: 3, expires: 10_000 })) {
        const found = messageReader(kinds)({ subject: message.subject, seq: message.seq, bytes: message.data });
        if (isCommit(found)) read.push(found.seq);
        else expect.unreachable(found.why);
      }
      expect(read).toEqual([1, 2, 3]);
    });

    it("receives each commit as it is stored, with its stream, subject and position", async () => {
      const live = record<readonly string[]>();
      observer.subscribe(subjects.allLive, {
        callback: (_failure, { subject, headers, data }) => {
          const named = ["Nats-Stream", "Nats-Subject", "Nats-Sequence"].map((name) => headers?.get(name) ?? "");
          live.push([subject, ...named, Buffer.from(data).toString("base64")]);
        },
      });
      await observer.flush();
      const other = someJob();
      await grow(requester.log, other, 1);
      const subject = subjectOf(other);
      const manager = await requester.session.manager();
      const { seq, data } = (await manager.streams.getMessage(streams.events, { last_by_subj: subject })) ?? {};
      const bytes = Buffer.from(data ?? []).toString("base64");
      const dest = subject.replace("shoal.evt.", "shoal.live.");
      expect(await live.atLeast(1)).toEqual([[dest, streams.events, subject, `${seq}`, bytes]]);
    });
  });

  describe("an observer may not", () => {
    const assignments = `KV_${buckets.assignments}`;
    it.each<readonly [string, string]>([
      ["append to the log", subjectOf(job)],
      ["report", subjects.report("n1", "j-1", "e-1")],
      ["write output", subjects.log("n1", "e-1")],
      ["send a heartbeat", subjects.heartbeat("n1")],
      ["ask nodes", subjects.ask("n1")],
      ["command an aggregate", subjects.command(3)],
      ["answer a command", `${subjects.commandDone("r1")}.x.1`],
      ["publish under the republished subjects", "shoal.live.0.job.default.j-1"],
      ["park messages", subjects.parked(0)],
      ...Object.values(buckets).map((bucket) => [`write the bucket ${bucket}`, `$KV.${bucket}.x`] as const),
      ["write results", "$O.results-n1.C.x"],
      ["read assignments", `$JS.API.CONSUMER.CREATE.${assignments}.x.$KV.assignments.>`],
      ["read assignments, the filter in the body", `$JS.API.CONSUMER.CREATE.${assignments}`],
      ["read reports", `$JS.API.CONSUMER.CREATE.${streams.reports}.x.shoal.rpt.>`],
      ["read output", `$JS.API.CONSUMER.CREATE.${streams.logs}.x.shoal.log.>`],
      ["take messages of another stream", `$JS.API.CONSUMER.MSG.NEXT.${assignments}.x`],
      ["read a message by its position", `$JS.API.STREAM.MSG.GET.${streams.reports}`],
      ["read a view directly", `$JS.API.DIRECT.GET.KV_${buckets.jobs}`],
      ["create a durable consumer by the older API", `$JS.API.CONSUMER.DURABLE.CREATE.${streams.events}.x`],
      ["list consumers", `$JS.API.CONSUMER.NAMES.${streams.events}`],
      ...["DELETE", "UPDATE", "PURGE", "CREATE", "SNAPSHOT", "RESTORE", "MSG.DELETE"].map(
        (what) => [`${what} the log`, `$JS.API.STREAM.${what}.${streams.events}`] as const,
      ),
      ["create a stream", "$JS.API.STREAM.CREATE.MINE"],
      ["list streams", "$JS.API.STREAM.NAMES"],
      ["send into the requesters' inbox", "_INBOX_requester.x"],
      ["use any subject that is not Shoal's", "anything"],
    ])("publish: %s", async (_what, subject) => {
      expect(await refusalOf(() => observer.publish(subject, "{}"))).toContain(`"${subject}"`);
    });

    it.each([
      ["the log's own subjects", subjects.allEvents],
      ["reports", subjects.allReports],
      ["output", subjects.allLogs],
      ["commands", "shoal.cmd.*"],
      ["answers to commands", "shoal.done.>"],
      ["heartbeats", "shoal.hb.*"],
      ["asks", "shoal.ask.*"],
      ["the requesters' answers", "_INBOX_requester.>"],
      ["any inbox", "_INBOX.>"],
      ["views", "$KV.>"],
      ["advisories", "$JS.EVENT.>"],
      ["everything", ">"],
    ])("subscribe to %s", async (_what, subject) => {
      expect(await refusalOf(() => observer.subscribe(subject, { callback: () => {} }))).toContain(`"${subject}"`);
    });

    it("copy a commit to another subject of the log, by naming that for the answer", async () => {
      const consumer = {
        name: "copier",
        filter_subject: subjects.allEvents,
        ack_policy: "none",
        deliver_policy: "all",
      };
      const create = `$JS.API.CONSUMER.CREATE.${streams.events}.copier.${subjects.allEvents}`;
      await observer.request(create, JSON.stringify({ stream_name: streams.events, config: consumer }));
      const target = someJob();
      const next = `$JS.API.CONSUMER.MSG.NEXT.${streams.events}.copier`;
      observer.publish(next, JSON.stringify({ batch: 3, no_wait: true }), { reply: subjectOf(target) });
      await observer.flush();
      await requester.log.append(
        job,
        (await streamHead()) ?? noStreamPosition,
        (await next4()) ?? expect.unreachable(),
      );
      expect(await requester.log.load(target)).toEqual([]);
      expect((await requester.log.load(job)).map(({ seq }) => seq).slice(0, 3)).toEqual([1, 2, 3]);
    });
  });

  const streamHead = async () => (await requester.log.load(job)).at(-1);
  const next4 = async () => {
    const last = await streamHead();
    return last === undefined ? undefined : { ...last.commit, id: "c-next", prev: last.hash };
  };

  /** The server's refusal of an action: it arrives before the answer to the ping that follows. */
  async function refusalOf(action: () => unknown): Promise<string> {
    refusals = [];
    action();
    await observer.flush();
    // The client reports errors by an iterator, a turn later.
    await new Promise((resolve) => setImmediate(resolve));
    return refusals.join();
  }
});
