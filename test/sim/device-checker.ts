import type { Running, Workload } from "../../services/compute/src/executors/executor.ts";
import type { PlannedDevices } from "./plan-devices.ts";

export interface DeviceCheckerOptions {
  readonly nodeId: string;
  readonly devices: PlannedDevices;
  readonly problem: (what: string) => void;
}

/** Reports a port or a GPU that two running workloads of one process of a node have, and a workload without what it needs. */
export function createDeviceChecker({ nodeId, devices, problem }: DeviceCheckerOptions) {
  const holders = new Map<string, string>();
  return {
    started({ id, ports = [], gpus = [], network, domains = [] }: Workload, { exit }: Pick<Running, "exit">): void {
      const names = [...ports.map(({ hostPort }) => `port ${hostPort}`), ...gpus.map(({ index }) => `GPU ${index}`)];
      for (const name of names) {
        const holder = holders.get(name);
        if (holder !== undefined) problem(`${nodeId} gives ${name} to ${id}, and ${holder} has it`);
        holders.set(name, id);
      }
      const missing = devices.gpus < gpus.length || (ports.length > 0 && devices.ports === undefined);
      if (missing) problem(`${nodeId} gives ${id} what it does not have: ${names.join(", ")}`);
      if (domains.length > 0 && (network !== "http" || !devices.limitsDomains))
        problem(`${nodeId} runs ${id} with network ${network}, and its engine does not limit it to its domains`);
      void exit.finally(() => {
        for (const name of names) if (holders.get(name) === id) holders.delete(name);
      });
    },
  };
}
