import { NodeChanged, NodeDisconnected, NodeJoined, NodeReconnected } from "@shoal/proto";
import { describe, it } from "vitest";
import { givenNode } from "../testing/given.ts";
import { sampleAt, sampleHeartbeat, sampleInfo, sampleResources } from "../testing/samples.ts";

const info = sampleInfo();
const joined = NodeJoined.of({ info, startedAt: sampleAt });
const gone = NodeDisconnected.of({ why: "silent", lastSeenAt: sampleAt });
const hear = { name: "Hear", heartbeat: sampleHeartbeat() } as const;
const miss = { name: "Miss", why: "silent", lastSeenAt: sampleAt } as const;

describe("a node", () => {
  it("joins when it is first heard, and comes back when it is heard again", () => {
    givenNode().when(hear).then(joined);
    givenNode(joined, gone)
      .when(hear)
      .then(NodeReconnected.of({ info, startedAt: sampleAt }));
  });
  it("says nothing new while it only grows busier", () => {
    const busy = { ...sampleHeartbeat(), info: { ...info, available: sampleResources, running: 7 } };
    givenNode(joined).when({ name: "Hear", heartbeat: busy }).then();
  });
  it("changes when what it offers changes, or when it has started again", () => {
    const changed = { ...info, engines: ["noop", "wasm"] };
    givenNode(joined)
      .when({ name: "Hear", heartbeat: { ...sampleHeartbeat(), info: changed } })
      .then(NodeChanged.of({ info: changed, startedAt: sampleAt }));
    givenNode(joined)
      .when({ name: "Hear", heartbeat: sampleHeartbeat("n-one", sampleAt + 1) })
      .then(NodeChanged.of({ info, startedAt: sampleAt + 1 }));
  });
  it("is missed once", () => {
    givenNode(joined).when(miss).then(gone);
    givenNode(joined, gone).when(miss).then();
    givenNode().when(miss).then();
  });
});
