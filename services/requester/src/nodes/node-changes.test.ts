import { createManualClock } from "@shoal/core/testing";
import { expect, it } from "vitest";
import { NodeChanges } from "./node-changes.ts";

function create() {
  const clock = createManualClock();
  const candidates = new Set<string>();
  let calls = 0;
  const changes = new NodeChanges({
    clock,
    disconnectAfterMs: 6_000,
    isCandidate: (nodeId) => candidates.has(nodeId),
    onChanged: () => {
      calls++;
    },
  });
  const settle = async () => {
    await clock.advance(200);
    const seen = calls;
    calls = 0;
    return seen;
  };
  return { clock, candidates, changes, settle };
}

it("calls back once for the nodes that become candidates within the time that it gathers them", async () => {
  const { candidates, changes, settle } = create();
  for (const nodeId of ["n-one", "n-two"]) {
    candidates.add(nodeId);
    changes.received(nodeId);
  }
  expect(await settle()).toBe(1);
  changes.received("n-one");
  expect(await settle()).toBe(0);
});

it("calls back for a node that is heard again after a silence, or that is a candidate again", async () => {
  const { clock, candidates, changes, settle } = create();
  candidates.add("n-one");
  changes.received("n-one");
  await settle();
  await clock.advance(6_000);
  changes.received("n-one");
  expect(await settle()).toBe(1);
  candidates.delete("n-one");
  changes.received("n-one");
  expect(await settle()).toBe(0);
  candidates.add("n-one");
  changes.received("n-one");
  expect(await settle()).toBe(1);
  changes.gone("n-one");
  changes.received("n-one");
  expect(await settle()).toBe(1);
});

it("calls back no more once it is stopped", async () => {
  const { changes, settle } = create();
  changes.changed();
  await changes.stop();
  expect(await settle()).toBe(0);
});
