import type { ReceivedReport } from "@shoal/core";
import { heard } from "@shoal/core/testing/contracts";
import { type Report, shardOf, streams, subjects } from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connectNode, type NodePorts } from "../node-ports.ts";
import { connectRequester, type RequesterPorts } from "../requester-ports.ts";
import { type NatsBench, natsBench } from "../testing/nats-bench.ts";
import { onServer } from "../testing/on-server.ts";
import { permissionsOfNode, permissionsOfRequester } from "./rights.ts";

onServer(() => {
  const pass = "secret";
  const users = [
    { user: "requester", password: pass, rights: permissionsOfRequester() },
    ...["n-0", "n-2"].map((user) => ({ user, password: pass, rights: permissionsOfNode(user) })),
  ];

  let bench: NatsBench;
  let requester: RequesterPorts;
  let [hostile, other]: readonly NodePorts[] = [];
  beforeEach(async () => {
    bench = await natsBench({ users, topology: false });
    const servers = [bench.server().url];
    const quiet = { onDamage: () => {}, onParked: () => {} };
    requester = await connectRequester({ servers, user: "requester", pass, requesterId: "r1", replicas: 1, ...quiet });
    [hostile, other] = await Promise.all(
      ["n-0", "n-2"].map((nodeId) => connectNode({ servers, user: nodeId, pass, nodeId })),
    );
  });
  afterEach(async () => {
    await Promise.all([hostile?.close(), other?.close(), requester?.close()]);
    await bench?.close();
  });

  const job = "j-1";
  const report: Report = { at: 7, namespace: "default", saw: { kind: "running", startedAt: 7 } };

  describe("a node that forges the message ids of another node's reports", () => {
    it("does not keep them from arriving", async () => {
      const told = heard<ReceivedReport>();
      const queue = await requester.reports.follow(shardOf(job), 0, told.tell);
      // Whatever could be guessed of a report: its execution, its kind, its time.
      for (const id of ["e-2.running.7", "e-2.running", "e-2", "n-2.e-2.running.7"]) {
        const outcome = await hostile?.link.publisher.publish({
          subject: subjects.report("n-0", job, "e-0"),
          bytes: new Uint8Array(),
          headers: { "Nats-Msg-Id": id },
        });
        expect(outcome).toMatchObject({ state: "stored", duplicate: false });
      }
      await other?.reports.send({ jobId: job, executionId: "e-2", report });
      expect(await told.atLeast(1)).toMatchObject([{ nodeId: "n-2", executionId: "e-2", report }]);
      await queue.close();
    });

    it("finds no message id on a report that it could forge", async () => {
      await other?.reports.send({ jobId: job, executionId: "e-2", report });
      const manager = await requester.link.manager();
      const stored = await manager.streams.getMessage(streams.reports, { seq: 1 });
      expect(stored?.header.get("Nats-Msg-Id") ?? "").toBe("");
    });
  });
});
