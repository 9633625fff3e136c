import { Bug, type Clock, type Logger, type Registry, registry } from "@shoal/core";
import { cgroupsIfAny, type IsolationWish } from "@shoal/wasi-sandbox";
import type { ContainerSettings } from "./docker/container-settings.ts";
import { docker } from "./docker/docker.ts";
import type { PullLimits } from "./docker/pulls.ts";
import type { Executor } from "./executor.ts";
import { noop } from "./noop.ts";
import { wasm } from "./wasm/wasm.ts";

export interface ExecutorSettings {
  readonly nodeId: string;
  /** The instance id of this node among all nodes with its name: stored in its data directory. */
  readonly instanceId: string;
  readonly disabled: readonly string[];
  readonly dockerSocket: string;
  readonly containers: ContainerSettings;
  readonly pulling: PullLimits;
  readonly wasmPoolSize: number;
  readonly wasmIsolation: IsolationWish;
  readonly wasmCgroups: "auto" | "off";
}

interface ExecutorPorts {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Every engine that this node can offer, under the name by which it can be disabled. */
export function createExecutors(settings: ExecutorSettings, { clock, logger }: ExecutorPorts): Registry<Executor> {
  const { nodeId, instanceId } = settings;
  const makers: Readonly<Record<string, () => Executor>> = {
    docker: () =>
      docker({
        ...{ nodeId, instanceId, clock },
        socketPath: settings.dockerSocket,
        settings: settings.containers,
        pulling: settings.pulling,
      }),
    wasm: () =>
      wasm({
        ...{ clock, logger },
        limits: { poolSize: settings.wasmPoolSize },
        isolation: settings.wasmIsolation,
        cgroups: settings.wasmCgroups === "auto" ? cgroupsIfAny(logger) : undefined,
      }),
    noop: () => noop(clock),
  };
  const enabled = Object.entries(makers).filter(([name]) => !settings.disabled.includes(name));
  return registry(
    "executor",
    enabled.map(([name, make]) => named(name, make())),
  );
}

function named(name: string, executor: Executor): Executor {
  if (executor.name !== name) throw new Bug(`the engine ${executor.name} is registered as ${name}`);
  return executor;
}
