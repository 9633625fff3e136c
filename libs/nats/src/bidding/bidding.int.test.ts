import { record } from "@shoal/core/testing/contracts";
import type { Heartbeat } from "@shoal/proto";
import { subjects } from "@shoal/proto";
import { expect, it } from "vitest";
import { encodeMessage } from "../message-codec.ts";
import { natsHarness } from "../testing/nats-harness.ts";
import { onServer } from "../testing/on-server.ts";
import { createBidClient } from "./bid-client.ts";

onServer(() => {
  const some = { cpuCores: 1, memoryBytes: 1, diskBytes: 1, gpus: 0 };
  const lists = { labels: {}, engines: [], publishers: [], sources: [] };
  const heartbeat = (nodeId: string): Heartbeat => ({
    info: { nodeId, ...lists, capacity: some, available: some, perTask: some, running: 0, version: "0", address: "" },
    startedAt: 1,
    at: 1,
    protocol: 1,
  });

  it("delivers no heartbeat that names another node than its subject, and none that cannot be read", async () => {
    const harness = await natsHarness({ topology: false });
    const session = await harness.session();
    const collected = record<Heartbeat>();
    const hearing = await createBidClient(session).onHeartbeat(collected.push);
    session.nc.publish(subjects.heartbeat("n1"), encodeMessage(heartbeat("n2")));
    session.nc.publish(subjects.heartbeat("n1"), encodeMessage({ at: 1 }));
    session.nc.publish(subjects.heartbeat("n1"), encodeMessage(heartbeat("n1")));
    expect((await collected.atLeast(1)).map(({ info }) => info.nodeId)).toEqual(["n1"]);
    await hearing.close();
    await harness.close();
  });
});
