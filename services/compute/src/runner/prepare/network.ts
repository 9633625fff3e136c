import { Fault } from "@shoal/core";
import type { Task } from "@shoal/proto";
import type { Workload } from "../../executors/executor.ts";
import type { RunLimits } from "../run.ts";

type NetworkType = Task["network"]["type"];

const networks: Readonly<Record<NetworkType, Workload["network"]>> = {
  default: "bridge",
  none: "none",
  host: "host",
  full: "host",
  http: "http",
  bridge: "bridge",
};

/** Why a node that does not share its network refuses a task with this network type; undefined when it accepts. */
export function hostNetworkProblem(type: NetworkType): string | undefined {
  if (networks[type] !== "host") return undefined;
  return `network ${type} is the host network, with everything that listens on loopback; this node grants it to no task (network.host)`;
}

/**
 * The network of a task. Throws a Fault ENGINE_FAILED for a type that this node grants to no task, and for which the node does not bid.
 */
export function networkOf({ network: { type } }: Task, limits: Pick<RunLimits, "rejectNetworked" | "hostNetwork">) {
  if (limits.rejectNetworked) return "none";
  const problem = limits.hostNetwork ? undefined : hostNetworkProblem(type);
  if (problem !== undefined) throw new Fault("ENGINE_FAILED", problem);
  return networks[type];
}
