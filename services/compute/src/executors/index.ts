import { cgroupsIfAny, type GuestIsolation, type IsolationOption } from "@shoal/wasi-sandbox";
import type { Reach } from "../outbound/reach.ts";
import { type PartPorts, type PartSettings, partRegistry } from "../parts.ts";
import type { ContainerSettings } from "./docker/container-settings.ts";
import { docker } from "./docker/docker.ts";
import type { PullLimits } from "./docker/pulls.ts";
import type { RegistryLogin } from "./docker/registry-credentials.ts";
import type { Executor } from "./executor.ts";
import { native } from "./native/native.ts";
import type { NativeSettings } from "./native/native-settings.ts";
import { noop } from "./noop.ts";
import { wasm } from "./wasm/wasm.ts";

export interface ExecutorSettings extends PartSettings {
  readonly nodeId: string;
  /** The instance id of this node among all nodes with its name: stored in its data directory. */
  readonly instanceId: string;
  readonly docker: ContainerSettings &
    PullLimits & { readonly socket: string; readonly credentialsFile: string; readonly hub?: RegistryLogin };
  readonly outbound: Reach;
  /** `folder` holds what outlives the node's process. */
  readonly native: NativeSettings & { readonly folder: string };
  readonly wasm: {
    readonly poolSize: number;
    readonly isolation: GuestIsolation;
    readonly sandbox: IsolationOption;
    readonly cgroups: "auto" | "off";
  };
}

/** Every engine that a node can offer. */
export const createExecutors = partRegistry<Executor, ExecutorSettings, PartPorts>("executor", {
  docker: ({ nodeId, instanceId, docker: settings, outbound }, { clock }) =>
    docker({
      ...{ nodeId, instanceId, clock, settings },
      socketPath: settings.socket,
      pulling: settings,
      credentials: { file: settings.credentialsFile, ...(settings.hub === undefined ? {} : { hub: settings.hub }) },
      reach: outbound,
    }),
  wasm: ({ wasm: { poolSize, isolation, sandbox, cgroups }, outbound }, { clock, logger }) =>
    wasm({
      ...{ clock, logger, isolation, sandbox },
      reach: outbound,
      limits: { poolSize },
      cgroups: cgroups === "auto" ? cgroupsIfAny(logger) : undefined,
    }),
  native: ({ native: { folder, ...settings }, wasm: { cgroups } }, { clock, logger }) =>
    native({ clock, folder, settings, cgroups: cgroups === "auto" ? cgroupsIfAny(logger) : undefined }),
  noop: (_, ports) => noop(ports),
});
