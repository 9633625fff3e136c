import { Network } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { assignmentOf } from "../../testing/assignments.ts";
import { networkOf } from "./network.ts";

const taskWith = (type: string) => {
  const { task } = assignmentOf({ task: { engine: { type: "noop" }, network: Network.parse({ type }) } });
  return task;
};
const closed = { rejectNetworked: false, hostNetwork: false };

describe("the network that a task gets", () => {
  it.each([
    ["default", "bridge"],
    ["bridge", "bridge"],
    ["none", "none"],
  ])("with %s is %s", (type, network) => {
    expect(networkOf(taskWith(type), closed)).toBe(network);
  });
  it.each(["host", "full"])("with %s is the node's, only where its owner allows that", (type) => {
    expect(networkOf(taskWith(type), { ...closed, hostNetwork: true })).toBe("host");
    expect(() => networkOf(taskWith(type), closed)).toThrow(/this node grants it to no task \(network.host\)/);
  });
  it("is none for every task on a node that rejects networks", () => {
    for (const type of ["default", "bridge", "host"])
      expect(networkOf(taskWith(type), { ...closed, rejectNetworked: true })).toBe("none");
  });
});
