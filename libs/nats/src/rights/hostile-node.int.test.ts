import { noStreamPosition, type ReceivedReport } from "@shoal/core";
import { record, someCommit, someJob } from "@shoal/core/testing/contracts";
import { systemClock, systemRandom } from "@shoal/node";
import { buckets, type Report, shardOf, streams, subjectOf, subjects } from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ScannedMessage } from "../event-log/scan.ts";
import { encodeMessage } from "../message-codec.ts";
import { connectNode, type NodePorts } from "../node-ports.ts";
import { connectRequester, type NatsRequesterPorts } from "../requester-ports.ts";
import { type NatsHarness, natsHarness } from "../testing/nats-harness.ts";
import { onServer } from "../testing/on-server.ts";
import { assignmentsConsumerOf, permissionsOfNode, permissionsOfRequester } from "./rights.ts";

onServer(() => {
  const pass = "secret";
  const users = [
    { user: "requester", password: pass, rights: permissionsOfRequester() },
    ...["n-0", "n-2"].map((user) => ({ user, password: pass, rights: permissionsOfNode(user) })),
  ];

  let harness: NatsHarness;
  let requester: NatsRequesterPorts;
  let [hostile, other]: readonly NodePorts[] = [];
  beforeEach(async () => {
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
    [hostile, other] = await Promise.all(
      ["n-0", "n-2"].map((nodeId) =>
        connectNode({ clock: systemClock(), random: systemRandom, servers, user: nodeId, pass, nodeId }),
      ),
    );
  });
  afterEach(async () => {
    await Promise.all([hostile?.close(), other?.close(), requester?.close()]);
    await harness?.close();
  });

  const job = "j-1";
  const report: Report = { at: 7, namespace: "default", number: 1, saw: { kind: "running", startedAt: 7 } };

  describe("a node that forges the message ids of another node's reports", () => {
    it("does not prevent their delivery", async () => {
      const collected = record<ReceivedReport>();
      const queue = await requester.reports.follow(shardOf(job), 0, collected.push);
      // All that a node can guess of a report: its execution, its kind, its time.
      for (const id of ["e-2.running.7", "e-2.running", "e-2", "n-2.e-2.running.7"]) {
        const outcome = await hostile?.session.publisher.publish({
          subject: subjects.report("n-0", job, "e-0"),
          bytes: new Uint8Array(),
          headers: { "Nats-Msg-Id": id },
        });
        expect(outcome).toMatchObject({ state: "stored", duplicate: false });
      }
      await other?.reports.send({ jobId: job, executionId: "e-2", report });
      expect(await collected.atLeast(1)).toMatchObject([{ nodeId: "n-2", executionId: "e-2", report }]);
      await queue.close();
    });

    it("finds no message id in any report", async () => {
      await other?.reports.send({ jobId: job, executionId: "e-2", report });
      const manager = await requester.session.manager();
      const stored = await manager.streams.getMessage(streams.reports, { seq: 1 });
      expect(stored?.header.get("Nats-Msg-Id") ?? "").toBe("");
    });
  });

  describe("a node that names a subject of the log for a requester's answer", () => {
    it("gets no answer there, nor on a subject of another node", async () => {
      const answering = await requester.bidClient.onConfirm(async () => ({ verdicts: [] }));
      const before = await requester.log.lastSeq();
      const bytes = encodeMessage({
        executions: [{ executionId: "e", jobId: job, namespace: "default", isAssigned: true }],
      });
      const answered = record<string>();
      const listening = other?.session.nc.subscribe(`${subjects.confirmed("n-2")}.>`, {
        callback: (_failure, message) => answered.push(message.subject),
      });
      await other?.session.nc.flush();
      for (const reply of [subjects.job("default", job), `${subjects.confirmed("n-2")}.x`])
        hostile?.session.nc.publish(subjects.confirm("n-0"), bytes, { reply });
      // Its own question comes after the others, and is answered.
      const executions = [{ executionId: "e", jobId: job, namespace: "default", isAssigned: true }];
      expect(await hostile?.bidServer.confirm({ executions }, 5_000)).toEqual({ verdicts: [] });
      await requester.session.nc.flush();
      await other?.session.nc.flush();
      expect([await requester.log.lastSeq(), answered.all]).toEqual([before, []]);
      listening?.unsubscribe();
      await answering.close();
    });
  });

  describe("a node that asks for the secrets of another node's execution", () => {
    it("cannot ask under the other node's id, and gets no answer to the other's subject", async () => {
      const asked = record<string>();
      const answering = await requester.bidClient.onSecretRequest(async (nodeId) => {
        asked.push(nodeId);
        return { refused: nodeId };
      });
      const request = { executionId: "e", jobId: job, namespace: "default", publicKey: "k".repeat(44) };
      const answered = record<string>();
      const listening = hostile?.session.nc.subscribe(`${subjects.confirmed("n-0")}.>`, {
        callback: (_failure, message) => answered.push(message.subject),
      });
      for (const reply of [`${subjects.confirmed("n-0")}.x`, `${subjects.confirmed("n-2")}.x`])
        hostile?.session.nc.publish(subjects.secrets("n-2"), encodeMessage(request), { reply });
      // The reply subject is not its own.
      hostile?.session.nc.publish(subjects.secrets("n-0"), encodeMessage(request), {
        reply: `${subjects.confirmed("n-2")}.x`,
      });
      expect(await hostile?.bidServer.requestSecrets(request, 5_000)).toEqual({ refused: "n-0" });
      expect(asked.all).toEqual(["n-0"]);
      expect(answered.all).toHaveLength(1);
      listening?.unsubscribe();
      await answering.close();
    });
  });

  describe("a node that names a subject of the log for the server's answer", () => {
    const assignments = `KV_${buckets.assignments}`;
    const consumer = assignmentsConsumerOf("n-0");

    /** Every request that a node may make, with its answer sent to a subject of the log. */
    async function bounce(reply: string): Promise<void> {
      const { nc } = hostile?.session ?? expect.unreachable();
      const config = {
        name: consumer,
        filter_subject: "$KV.assignments.n-0.>",
        ack_policy: "none",
        deliver_policy: "all",
        mem_storage: true,
      };
      const create = `$JS.API.CONSUMER.CREATE.${assignments}.${consumer}.$KV.assignments.n-0.>`;
      await nc.request(create, JSON.stringify({ stream_name: assignments, config }));
      const next = `$JS.API.CONSUMER.MSG.NEXT.${assignments}.${consumer}`;
      // The waiting messages, and the server's status that there are none.
      for (const _ of [1, 2]) nc.publish(next, JSON.stringify({ batch: 5, no_wait: true }), { reply });
      nc.publish("$JS.API.STREAM.INFO.OBJ_results-n-0", "", { reply });
      nc.publish(subjects.report("n-0", job, "e-0"), "an acknowledgement", { reply });
      await nc.flush();
    }

    it("hides no commit and does not block the aggregate, and the answer is distinguished from commits", async () => {
      const [ref, beside] = [someJob(), someJob()];
      const { log } = requester;
      const first = await log.append(ref, noStreamPosition, someCommit(noStreamPosition));
      await requester.views.assignments.put("n-0.e-1", { seq: 1 });
      await bounce(subjectOf(ref));
      const { streams: api } = await requester.session.manager();
      // The assignment, two statuses that nothing more waits, the state of a bucket, an acknowledgement.
      await expect.poll(() => log.lastSeq(), { timeout: 10_000 }).toBeGreaterThanOrEqual(6);
      const next = await log.append(ref, first, someCommit(first));
      expect((await log.load(ref)).map(({ seq }) => seq)).toEqual([first.seq, next.seq]);
      const second = await log.append(beside, noStreamPosition, someCommit(noStreamPosition));
      const collected: string[] = [];
      await log.scan(0, ({ aggregate }) => collected.push(aggregate.id), {
        unreadable: ({ aggregate }) => collected.push(`quarantined ${aggregate.id}`),
      });
      expect(collected.toSorted()).toEqual([ref.id, ref.id, beside.id].toSorted());

      const read: { seq: number; appended: boolean }[] = [];
      const deliver = (message: ScannedMessage) => read.push({ seq: message.seq, appended: message.isAppended() });
      const end = await requester.readLog({ deliver });
      // Every position is delivered, on any subject.
      expect(read.map(({ seq }) => seq)).toEqual(Array.from({ length: end }, (_, index) => index + 1));
      expect(read.filter(({ appended }) => appended).map(({ seq }) => seq)).toEqual([first.seq, next.seq, second.seq]);
      expect((await api.info(streams.events)).state.last_seq).toBe(end);
    });

    it("leaves the entry of a bucket readable or absent", async () => {
      await bounce(`$KV.${buckets.jobs}.default.j-1`);
      await expect.poll(() => requester.views.jobs.get("default.j-1"), { timeout: 10_000 }).toBeUndefined();
      await requester.views.jobs.put("default.j-1", { seq: 3 });
      expect(await requester.views.jobs.get("default.j-1")).toEqual({ seq: 3 });
    });
  });
});
