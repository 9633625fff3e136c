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
export const network = ({ rejectNetworked, hostNetwork }: BidContext): BidPolicy => ({
  name: "network",
  evaluate({ requirements: { network: required } }) {
    if (rejectNetworked && networked[required.type])
      return no(`this node does not run tasks with network ${required.type}`);
    const why = hostNetwork ? undefined : hostNetworkProblem(required.type);
    if (why !== undefined) return no(why);
    if (required.type === "http") return no("no engine of this node can filter HTTP by domain");
    return required.hasPorts ? no("this node does not publish ports of tasks") : yes();
  },
});
