import type { Prng } from "@shoal/core/testing";
import { type GpuDevice, JobSpec } from "@shoal/proto";
import type { PortBounds } from "../../services/compute/src/grants/port-range.ts";

/** What a node gives to tasks beside its amounts of resources. */
export interface PlannedDevices {
  readonly gpus: number;
  /** Undefined for a node that gives no ports. */
  readonly ports: PortBounds | undefined;
  /** Its engine limits tasks to domains. */
  readonly limitsDomains: boolean;
  /** It runs no task that reaches beyond itself. */
  readonly rejectsNetwork: boolean;
}

/** What a job needs of these. */
export interface DeviceNeeds {
  readonly gpus: number;
  readonly network: "ports" | "domains" | undefined;
  /** A port of the node that the job names. */
  readonly staticPort: number | undefined;
}

/** A node without any. */
export const noDevices: PlannedDevices = {
  gpus: 0,
  ports: undefined,
  limitsDomains: false,
  rejectsNetwork: false,
};

// More than the executions of any job: a range that is used up fails executions, which is not what is tested.
const range: PortBounds = { first: 20_000, last: 20_199 };
// Few, so that jobs compete for them; some outside the range.
const staticPorts = [20_000, 20_001, 30_000] as const;

export const drawDevices = (prng: Prng): PlannedDevices => ({
  gpus: prng.pick([0, 0, 0, 1, 2]),
  ports: prng.happens(0.6) ? range : undefined,
  limitsDomains: prng.happens(0.6),
  rejectsNetwork: prng.happens(0.15),
});

/** Lets some jobs need GPUs, ports or domains. */
export function drawDemands(prng: Prng, spec: JobSpec): JobSpec {
  const gpu = prng.happens(0.12) ? prng.pick(["1", "1", "2"]) : "";
  const network = prng.happens(0.2) ? drawNetwork(prng) : undefined;
  if (gpu === "" && network === undefined) return spec;
  const tasks = spec.tasks.map((task) => ({
    ...task,
    resources: { ...task.resources, gpu },
    ...(network === undefined ? {} : { network }),
  }));
  return JobSpec.parse({ ...spec, tasks });
}

const drawNetwork = (prng: Prng) =>
  prng.happens(0.4)
    ? { type: "http", domains: ["example.org"] }
    : { type: "bridge", ports: [{ name: "web", static: prng.happens(0.5) ? prng.pick(staticPorts) : 0, target: 80 }] };

/** What a drawn spec needs. */
export function deviceNeedsOf({ tasks }: JobSpec): DeviceNeeds {
  const { resources, network } = tasks[0] ?? {};
  const fixed = network?.ports.find((port) => port.static !== 0)?.static;
  const isNetworked = network?.type === "http" ? "domains" : (network?.ports.length ?? 0) > 0 ? "ports" : undefined;
  return { gpus: Number(resources?.gpu ?? ""), network: isNetworked, staticPort: fixed };
}

/** Whether a node can ever give it. */
export function hasDevices({ gpus, network }: DeviceNeeds, devices: PlannedDevices): boolean {
  if (gpus > devices.gpus) return false;
  if (network !== undefined && devices.rejectsNetwork) return false;
  return network === undefined || (network === "domains" ? devices.limitsDomains : devices.ports !== undefined);
}

/** The GPUs of a node. */
export const gpusOf = ({ gpus }: PlannedDevices): readonly GpuDevice[] =>
  Array.from({ length: gpus }, (_, index) => ({
    ...{ index, name: "Tesla T4", vendor: "NVIDIA", memoryMiB: 15_360, pciAddress: `0000:0${index}:00.0` },
  }));
