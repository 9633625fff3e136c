import type { ReceivedReport, ViewEntry } from "@shoal/core";
import { record } from "@shoal/core/testing/contracts";
import { systemClock, systemRandom } from "@shoal/node";
import { type Ask, type Bid, buckets, type Heartbeat, type Report, shardOf, streams, subjects } from "@shoal/proto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { NatsSession } from "../connection/nats-session.ts";
import { connectNode, type NodePorts } from "../node-ports.ts";
import { connectRequester, type NatsRequesterPorts } from "../requester-ports.ts";
import { type NatsHarness, natsHarness } from "../testing/nats-harness.ts";
import { onServer } from "../testing/on-server.ts";
import { inboxPrefixOf, permissionsOfNode, permissionsOfRequester } from "./rights.ts";

onServer(() => {
  const pass = "secret";
  const users = [
    { user: "requester", password: pass, rights: permissionsOfRequester() },
    { user: "admin", password: pass, rights: { publish: { allow: [">"] }, subscribe: { allow: [">"] } } },
    { user: "n1", password: pass, rights: permissionsOfNode("n1") },
    { user: "n2", password: pass, rights: permissionsOfNode("n2") },
  ];
  const resources = { cpuCores: 1, memoryBytes: 1, diskBytes: 1, gpus: 0 };

  let harness: NatsHarness;
  let requester: NatsRequesterPorts;
  let node: NodePorts;
  let admin: NatsSession;
  let problems: string[] = [];

  beforeAll(async () => {
    harness = await natsHarness({ users, topology: false });
    const servers = [harness.server().url];
    requester = await connectRequester({
      clock: systemClock(),
      random: systemRandom,
      servers,
      user: "requester",
      pass,
      requesterId: "r1",
      replicas: 1,
      onParked: (count) => problems.push(`parked ${count}`),
      onNatsError: (what) => problems.push(what),
    });
    admin = await harness.session({ user: "admin", pass });
    node = await connectNode({
      clock: systemClock(),
      random: systemRandom,
      servers,
      user: "n1",
      pass,
      nodeId: "n1",
      onNatsError: (what) => problems.push(what),
    });
  });
  afterAll(async () => {
    await node?.close();
    await requester?.close();
    await harness?.close();
  });

  describe("a node with the rights of a node", () => {
    it("can do all its work", async () => {
      await receivesAssignments();
      await reports();
      await bids();
      await summary();
      await confirms();
      await publishesResults();
      expect(problems).toEqual([]);
    });

    async function receivesAssignments(): Promise<void> {
      const collected = record<{ key: string; value: ViewEntry | undefined }>();
      const watch = await node.assignments.watch("n1.>", {
        changed: (key, value) => collected.push({ key, value }),
        ready: () => {},
      });
      await requester.views.assignments.put("n2.e-2", { seq: 1 });
      await requester.views.assignments.put("n1.e-1", { seq: 2 });
      await requester.views.assignments.remove("n1.e-1", 3);
      expect(await collected.atLeast(2)).toEqual([
        { key: "n1.e-1", value: { seq: 2 } },
        { key: "n1.e-1", value: undefined },
      ]);
      await watch.close();
    }

    async function reports(): Promise<void> {
      const collected = record<ReceivedReport>();
      const queue = await requester.reports.follow(shardOf("j-1"), 0, collected.push);
      const report: Report = { at: 1, namespace: "default", number: 1, saw: { kind: "running", startedAt: 1 } };
      await node.reports.send({ jobId: "j-1", executionId: "e-1", report });
      expect(await collected.atLeast(1)).toMatchObject([{ nodeId: "n1", jobId: "j-1", executionId: "e-1", report }]);
      await queue.close();
    }

    async function bids(): Promise<void> {
      const bidServer = await node.bidServer.onAsk(async ({ asks }) => ({
        bids: asks.map(({ askId }): Bid => ({ askId, nodeId: "n1", accepted: true, slots: 1 })),
      }));
      const answers = await Promise.all(
        ["a-1", "a-2"].map((askId) => requester.bidClient.ask("n1", someAsk(askId), 5_000)),
      );
      expect(answers.map((bid) => bid?.askId)).toEqual(["a-1", "a-2"]);
      expect(await requester.bidClient.ask("absent", someAsk("a-3"), 5_000)).toBeUndefined();
      await bidServer.close();
    }

    async function summary(): Promise<void> {
      const heartbeats = record<Heartbeat>();
      const hearing = await requester.bidClient.onHeartbeat(heartbeats.push);
      node.bidServer.heartbeat(someHeartbeat("n1"));
      expect((await heartbeats.atLeast(1))[0]?.info.nodeId).toBe("n1");
      await hearing.close();
      const own = record<Heartbeat>();
      const hearingOwn = await node.bidServer.onOwnHeartbeat(own.push);
      node.bidServer.heartbeat(someHeartbeat("n1"));
      expect(await own.atLeast(1)).toHaveLength(1);
      await hearingOwn.close();
      const output = record<string>();
      const reading = await requester.logs.read(
        "e-1",
        { tail: false },
        { chunk: ({ bytes }) => output.push(new TextDecoder().decode(bytes)), caughtUp: () => {} },
      );
      node.logs.send("e-1", { stream: "stdout", generation: 1, at: 0, bytes: new TextEncoder().encode("hello") });
      expect(await output.atLeast(1)).toEqual(["hello"]);
      await reading.close();
    }

    async function confirms(): Promise<void> {
      const answering = await requester.bidClient.onConfirm(async (nodeId, { executions }) => ({
        verdicts: executions.map(({ executionId }) => ({ executionId, holds: nodeId === "n1", recordedUpTo: 1 })),
      }));
      const executions = [{ executionId: "e-1", jobId: "j-1", namespace: "default", isAssigned: true }];
      expect(await node.bidServer.confirm({ executions }, 5_000)).toEqual({
        verdicts: [{ executionId: "e-1", holds: true, recordedUpTo: 1 }],
      });
      await answering.close();
    }

    async function publishesResults(): Promise<void> {
      await requester.ensureResultsBucket("n1");
      for (const text of ["first", "second, which replaces it"]) {
        await node.results.put("e-1/out", new Blob([text]).stream());
        const got = await (await requester.results("n1")).get("e-1/out");
        expect(await new Response(got?.bytes).text()).toBe(text);
      }
      expect((await (await requester.results("n1")).list()).map(({ name }) => name)).toEqual(["e-1/out"]);
    }
  });

  describe("a node may not", () => {
    const assignments = `KV_${buckets.assignments}`;
    it.each([
      ["append to the log of a job", subjects.job("default", "j-1")],
      ["append to the log of a node", subjects.node("n1")],
      ["report as another node", subjects.report("n2", "j-1", "e-1")],
      ["send output of another node's execution", subjects.log("n2", "e-1")],
      ["send another node's heartbeat", subjects.heartbeat("n2")],
      ["ask other nodes", subjects.ask("n2")],
      ["ask in another node's name whether an execution holds", subjects.confirm("n2")],
      ["ask in another node's name where to store a result", subjects.upload("n2")],
      ["command an aggregate", subjects.command(3)],
      ["answer a command", `${subjects.commandDone("r1")}.x.1`],
      ["publish under the republished subjects", "shoal.live.0.job.default.j-1"],
      ["park messages", subjects.parked(0)],
      ["write its own assignments", `$KV.${buckets.assignments}.n1.e-1`],
      ["write views", `$KV.${buckets.jobs}.default.j-1`],
      ["take a lease", `$KV.${buckets.shards}.0`],
      ["write another node's results", "$O.results-n2.C.x"],
      ["purge another node's results", "$JS.API.STREAM.PURGE.OBJ_results-n2"],
      [
        "read another node's assignments",
        `$JS.API.CONSUMER.CREATE.${assignments}.assignments-of-n1.$KV.assignments.n2.>`,
      ],
      ["read all assignments", `$JS.API.CONSUMER.CREATE.${assignments}.assignments-of-n1.$KV.assignments.>`],
      ["create a consumer with its filter in the body", `$JS.API.CONSUMER.CREATE.${assignments}`],
      ["use another node's consumer", `$JS.API.CONSUMER.CREATE.${assignments}.assignments-of-n2.$KV.assignments.n1.>`],
      ["take another node's messages", `$JS.API.CONSUMER.MSG.NEXT.${assignments}.assignments-of-n2`],
      ["delete another node's consumer", `$JS.API.CONSUMER.DELETE.${assignments}.assignments-of-n2`],
      ["create a durable consumer by the older API", `$JS.API.CONSUMER.DURABLE.CREATE.${assignments}.x`],
      ["read the log", `$JS.API.CONSUMER.CREATE.${streams.events}.x.shoal.evt.>`],
      ["read a message of the log", `$JS.API.STREAM.MSG.GET.${streams.events}`],
      ["read directly from the log", `$JS.API.DIRECT.GET.${streams.events}`],
      ["read a view directly", `$JS.API.DIRECT.GET.KV_${buckets.jobs}.$KV.jobs.default.j-1`],
      ["delete a stream", `$JS.API.STREAM.DELETE.${streams.events}`],
      ["create a stream", "$JS.API.STREAM.CREATE.MINE"],
      ["change a stream", `$JS.API.STREAM.UPDATE.${streams.events}`],
      ["snapshot a stream", `$JS.API.STREAM.SNAPSHOT.${streams.events}`],
      ["list streams", "$JS.API.STREAM.NAMES"],
      ["send into a requester's inbox", "_INBOX_requester.x"],
      ["send into another node's inbox", `${inboxPrefixOf("n2")}.x`],
      ["use any subject that is not Shoal's", "anything"],
    ])("publish: %s", async (_what, subject) => {
      expect(await refusalOf(() => node.session.nc.publish(subject, "{}"))).toContain(`"${subject}"`);
    });

    it.each([
      ["the log", "shoal.evt.>"],
      ["reports", "shoal.rpt.>"],
      ["the republished log", subjects.allLive],
      ["heartbeats", "shoal.hb.*"],
      ["another node's heartbeats", subjects.heartbeat("n2")],
      ["what nodes ask", "shoal.confirm.*"],
      ["commands", "shoal.cmd.*"],
      ["answers to commands", "shoal.done.>"],
      ["asks to another node", subjects.ask("n2")],
      ["asks to all nodes", "shoal.ask.*"],
      ["the requesters' answers", "_INBOX_requester.>"],
      ["another node's answers", `${inboxPrefixOf("n2")}.>`],
      ["whether another node's executions hold", `${subjects.confirmed("n2")}.>`],
      ["views", "$KV.>"],
      ["advisories", "$JS.EVENT.>"],
      ["everything", ">"],
    ])("subscribe to %s", async (_what, subject) => {
      expect(await refusalOf(() => node.session.nc.subscribe(subject, { callback: () => {} }))).toContain(
        `"${subject}"`,
      );
    });
  });

  describe("a requester with the rights of a requester", () => {
    it("can send commands and answer them", async () => {
      const aggregate = { kind: "job", namespace: "default", id: "j-1" };
      const shard = shardOf(aggregate.id);
      const serving = await requester.commands.serve(shard, async () => ({ ok: true, seq: 7, changed: true }));
      const envelope = { id: "c-1", aggregate, command: { name: "Stop" }, actor: { type: "client", id: "" } } as const;
      // Far longer than an answer takes.
      expect(await requester.commands.send(shard, envelope, 20_000)).toEqual({ ok: true, seq: 7, changed: true });
      await serving.close();
    });

    it("can write positions into the buckets", async () => {
      const revision = await requester.positions.save("jobs", 1, { eventsSeq: 3, reportsSeq: 0, revision: 0 });
      expect(await requester.positions.load("jobs", 1)).toEqual({ eventsSeq: 3, reportsSeq: 0, revision });
    });
  });

  describe("a requester may not", () => {
    const all = [...Object.values(streams), ...Object.values(buckets).map((bucket) => `KV_${bucket}`)];
    it.each([
      ...all.flatMap((stream) => [
        `$JS.API.STREAM.DELETE.${stream}`,
        `$JS.API.STREAM.UPDATE.${stream}`,
        `$JS.API.STREAM.MSG.DELETE.${stream}`,
        `$JS.API.STREAM.SNAPSHOT.${stream}`,
        `$JS.API.STREAM.RESTORE.${stream}`,
        `$JS.API.STREAM.PEER.REMOVE.${stream}`,
      ]),
      ...[streams.events, streams.logs, streams.parked, `KV_${buckets.shards}`].map(
        (stream) => `$JS.API.STREAM.PURGE.${stream}`,
      ),
      "$JS.API.META.LEADER.STEPDOWN",
      "$JS.API.SERVER.REMOVE",
      "$JS.API.ACCOUNT.PURGE.$G",
      "$JS.other.API.STREAM.PURGE.EVENTS",
      "shoal.live.0.job.default.j-1",
      "$SYS.REQ.SERVER.PING",
    ])("publish to %s", async (subject) => {
      expect(await refusalOf(() => requester.session.nc.publish(subject, "{}"), requester)).toContain(`"${subject}"`);
    });

    it.each([
      ["a roll-up of the subject", { "Nats-Rollup": "sub" }],
      ["a roll-up of the whole log", { "Nats-Rollup": "all" }],
      ["a time to live", { "Nats-TTL": "1s" }],
      ["a schedule", { "Nats-Schedule": "@every 1s", "Nats-Schedule-Target": "shoal.evt.0.job.default.j-x" }],
    ])("put into the log with %s", async (_what, headers) => {
      const subject = subjects.job("default", "j-kept");
      const { streams: api } = await requester.session.manager();
      await requester.session.publisher.publish({ subject, bytes: new Uint8Array(1) });
      const before = (await api.info(streams.events)).state;
      const outcome = await requester.session.publisher.publish({ subject, bytes: new Uint8Array(1), headers });
      expect(outcome.state).not.toBe("stored");
      const { messages, first_seq, last_seq } = (await api.info(streams.events)).state;
      expect({ messages, first_seq, last_seq }).toEqual({
        messages: before.messages,
        first_seq: before.first_seq,
        last_seq: before.last_seq,
      });
    });

    it("remove a message of the log, which an administrator cannot purge either", async () => {
      const { streams: api } = await admin.manager();
      await expect(api.purge(streams.events)).rejects.toThrow("purge not permitted");
      await expect(api.purge(streams.events, { filter: subjects.allEvents })).rejects.toThrow("purge not permitted");
      await expect(api.deleteMessage(streams.events, 1)).rejects.toThrow("delete not permitted");
    });
  });

  /** The server's refusal of an action: it arrives before the answer to the ping that follows. */
  async function refusalOf(
    action: () => unknown,
    by: { readonly session: NodePorts["session"] } = node,
  ): Promise<string> {
    problems = [];
    action();
    await by.session.nc.flush();
    // The client reports errors by an iterator, a turn later.
    await new Promise((resolve) => setImmediate(resolve));
    return problems.join();
  }

  function someAsk(askId: string): Ask {
    return {
      askId,
      jobId: "j-1",
      namespace: "default",
      jobType: "batch",
      priority: 0,
      requirements: {
        engine: { type: "noop" },
        publisher: { type: "" },
        sources: [],
        resultPaths: [],
        hostVariables: [],
        network: { type: "default", hasPorts: false },
        constraints: [],
        resources,
      },
      slots: 1,
    };
  }

  function someHeartbeat(nodeId: string): Heartbeat {
    const rest = { labels: {}, engines: [], publishers: [], sources: [], running: 0, version: "0", address: "" };
    return {
      info: { nodeId, ...rest, capacity: resources, available: resources, perTask: resources },
      startedAt: 1,
      at: 1,
      protocol: 1,
    };
  }
});
