import { Fault } from "@shoal/core";
import type { Task } from "@shoal/proto";
import type { Work } from "../../executors/executor.ts";
import type { RunLimits } from "../run.ts";

type NetworkType = Task["network"]["type"];

const networks: Readonly<Record<NetworkType, Work["network"]>> = {
  default: "bridge",
  none: "none",
  host: "host",
  full: "host",
  http: "none",
  bridge: "bridge",
};

/** Why a node that keeps its own network to itself refuses a task with this one; undefined when it does not. */
export function hostNetworkProblem(type: NetworkType): string | undefined {
  if (networks[type] !== "host") return undefined;
  return `network ${type} is this machine's own, with all that listens on loopback; this node grants it to no task (network.host)`;
}

/**
 * The network that a task gets. HTTP with its list of domains needs a gateway that no engine has yet; the bidder refuses it. Throws a
 * Fault ENGINE_FAILED for one that this node grants to no task, which it refused to bid for.
 */
export function networkOf({ network: { type } }: Task, limits: Pick<RunLimits, "rejectNetworked" | "hostNetwork">) {
  if (limits.rejectNetworked) return "none";
  const problem = limits.hostNetwork ? undefined : hostNetworkProblem(type);
  if (problem !== undefined) throw new Fault("ENGINE_FAILED", problem);
  return networks[type];
}
