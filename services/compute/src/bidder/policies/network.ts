import { no, yes } from "@shoal/core";
import type { Task } from "@shoal/proto";
import { hostNetworkProblem } from "../../runner/prepare/network.ts";
import type { BidContext, BidPolicy } from "./policy.ts";

/** Which network types reach beyond the task; `default` gets whatever the node grants. */
const networked: Readonly<Record<Task["network"]["type"], boolean>> = {
  default: false,
  none: false,
  host: true,
  full: true,
  http: true,
  bridge: true,
};

/** The node grants the network type that the task requests. */
export const network = ({ rejectNetworked, hostNetwork, givesPorts, parts }: BidContext): BidPolicy => ({
  name: "network",
  evaluate({ requirements: { network: required, engine } }) {
    if (rejectNetworked && networked[required.type])
      return no(`this node does not run tasks with network ${required.type}`);
    const why = hostNetwork ? undefined : hostNetworkProblem(required.type);
    if (why !== undefined) return no(why);
    const { has, get } = parts.executors;
    const networking = has(engine.type) ? (get(engine.type).networking ?? []) : [];
    if (required.type === "http" && !networking.includes("http"))
      return no(`engine ${engine.type} of this node cannot limit a task to the domains of network http`);
    if (!required.hasPorts) return yes();
    if (!networking.includes("ports")) return no(`engine ${engine.type} of this node publishes no ports of tasks`);
    return givesPorts ? yes() : no("this node gives no ports to tasks (network.ports is empty)");
  },
});
