import {
  NodeChanged,
  NodeDisconnected,
  type NodeEvent,
  NodeForgotten,
  NodeJoined,
  NodeReconnected,
} from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { givenNode } from "../testing/given.ts";
import { sampleAt, sampleHeartbeat, sampleInfo, sampleResources } from "../testing/samples.ts";
import { forgetAfterMs } from "./decide.ts";
import { nodeKind } from "./kind.ts";

const info = sampleInfo();
const joined = NodeJoined.of({ info, startedAt: sampleAt });
const gone = NodeDisconnected.of({ why: "silent", lastSeenAt: sampleAt, forgetAt: sampleAt + forgetAfterMs });
const receive = { name: "RecordHeartbeat", heartbeat: sampleHeartbeat() } as const;
const miss = { name: "Miss", why: "silent", lastSeenAt: sampleAt } as const;

describe("a node", () => {
  it("joins with its first heartbeat, and reconnects with a later one", () => {
    givenNode().when(receive).then(joined);
    givenNode(joined, gone)
      .when(receive)
      .then(NodeReconnected.of({ info, startedAt: sampleAt }));
  });
  it("records nothing while only its load changes", () => {
    const busy = { ...sampleHeartbeat(), info: { ...info, available: sampleResources, running: 7 } };
    givenNode(joined).when({ name: "RecordHeartbeat", heartbeat: busy }).then();
  });
  it("records a change of its offer, and a restart", () => {
    const changed = { ...info, engines: ["noop", "wasm"] };
    givenNode(joined)
      .when({ name: "RecordHeartbeat", heartbeat: { ...sampleHeartbeat(), info: changed } })
      .then(NodeChanged.of({ info: changed, startedAt: sampleAt }));
    givenNode(joined)
      .when({ name: "RecordHeartbeat", heartbeat: sampleHeartbeat("n-one", sampleAt + 1) })
      .then(NodeChanged.of({ info, startedAt: sampleAt + 1 }));
  });
  it("disconnects once", () => {
    givenNode(joined).when(miss).then(gone);
    givenNode(joined, gone).when(miss).then();
    givenNode().when(miss).then();
  });
  it("is forgotten after the time of the command, by default seven days, and joins again", () => {
    const forgetAt = sampleAt + forgetAfterMs;
    givenNode(joined, gone)
      .when({ name: "Forget" }, forgetAt - 1)
      .then();
    givenNode(joined, gone).when({ name: "Forget" }, forgetAt).then(NodeForgotten.of({}));
    givenNode(joined).when({ name: "Forget" }, forgetAt).then();
    givenNode(joined)
      .when({ ...miss, forgetAfterMs: 5 })
      .then(NodeDisconnected.of({ why: "silent", lastSeenAt: sampleAt, forgetAt: sampleAt + 5 }));
    givenNode(joined, gone, NodeForgotten.of({}))
      .when(receive)
      .then(NodeJoined.of({ info, startedAt: sampleAt }));
  });
});

describe("the reaction of a node", () => {
  const world = { isGone: () => false, nodes: () => [], settled: () => true };
  const react = (history: readonly NodeEvent[], now: number) => {
    const { state } = givenNode(...history);
    return state === undefined ? undefined : nodeKind.react(state, world, now);
  };
  it("waits until forgetAt, and issues Forget then", () => {
    const forgetAt = sampleAt + forgetAfterMs;
    expect(react([joined], sampleAt)).toMatchObject({ commands: [], nextAt: undefined });
    expect(react([joined, gone], forgetAt - 1)).toMatchObject({ commands: [], nextAt: forgetAt });
    expect(react([joined, gone], forgetAt)).toMatchObject({ commands: [{ name: "Forget" }] });
    expect(react([joined, gone, NodeForgotten.of({})], forgetAt)).toMatchObject({ commands: [], nextAt: undefined });
  });
  it("is settled, and in no view, between being forgotten and joining again", () => {
    const keys = (history: readonly NodeEvent[]) => {
      const { state } = givenNode(...history);
      const parts = state === undefined ? [] : nodeKind.views.flatMap((view) => [...view.parts(state)]);
      return [...new Set(parts.map(({ key }) => key))];
    };
    const forgotten = [joined, gone, NodeForgotten.of({})];
    expect(keys([joined, gone])).toEqual(["n-one"]);
    expect(keys(forgotten)).toEqual([]);
    expect(keys([...forgotten, joined])).toEqual(["n-one"]);
  });
});
