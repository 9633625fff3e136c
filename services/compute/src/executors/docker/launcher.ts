import { Readable } from "node:stream";
import { assert, Fault } from "@shoal/core";
import { engineParams } from "@shoal/proto";
import type { Workload } from "../executor.ts";
import { containerOptions } from "./container-options.ts";
import type { ContainerSettings } from "./container-settings.ts";
import { engineFault, statusOf, wordsOf } from "./engine-fault.ts";
import { engineSight } from "./engine-sight.ts";
import { gpuOptions } from "./gpu-options.ts";
import type { GatewayNetwork, HttpGateways } from "./http-gateway.ts";
import { type ImagesOptions, pinnedImage } from "./images.ts";
import { descriptorDevice, mountsOf } from "./mounts.ts";
import type { Ownership } from "./ownership.ts";
import { removeContainer } from "./remove-container.ts";
import { callLimitMs, within } from "./within.ts";

// The engine runs this program as the first process of the container; a small installation may lack it.
const initProgram = "docker-init";
// How the engine names the option that its storage driver does not support.
const diskOption = "storage-opt";
// How it names a limit above its own.
const fileLimit = "setting rlimit";

export interface LauncherOptions extends ImagesOptions {
  readonly own: Ownership;
  readonly settings: ContainerSettings;
  readonly gateways: HttpGateways;
}

/** A container that has been started, with its output. */
export interface Launched {
  readonly containerId: string;
  /** By its digest. */
  readonly image: string;
  readonly output: Readable;
}

/** The known capabilities of an engine; each is requested until the engine refuses it. */
interface Abilities {
  /** An init process forwards signals and reaps orphans, which programs not written as PID 1 do not. */
  init: boolean;
  limitsFiles: boolean;
  limitsDisk: boolean;
}
interface LauncherParts extends LauncherOptions {
  readonly can: Abilities;
  /** By its digest. */
  readonly image: string;
  /** The gateway of the workload, with network `http`. */
  readonly gateway?: GatewayNetwork;
  /** Checks that the engine sees the same files as this process. */
  readonly seen: (workload: Workload, image: string) => Promise<void>;
}

/**
 * Creates and starts a container for a workload, and pulls the image first when the engine lacks it, until the signal
 * fires. Throws a Fault and then leaves nothing behind. A crash between creating and starting leaves a container that
 * never ran.
 */
export function launcher(options: LauncherOptions): (workload: Workload, signal?: AbortSignal) => Promise<Launched> {
  const { docker, clock, own } = options;
  const seen = engineSight({ docker, clock, labels: own.labels });
  const can: Abilities = { init: true, limitsFiles: true, limitsDisk: true };
  return async (workload, signal) => {
    const { reference: image } = await pinnedImage(options, {
      image: engineParams.docker.parse(workload.params).Image,
      pinned: workload.pinnedImage,
      onLine: (line) => workload.output("stderr", Buffer.from(`${line}\n`)),
      signal,
    });
    const means: LauncherParts = { ...options, seen, can, image };
    if (workload.network !== "http") return launch(means, workload);
    const gateway = await options.gateways.open(workload);
    return launch({ ...means, gateway }, workload).catch(async (failure: unknown) => {
      await options.gateways.close(workload);
      throw failure;
    });
  };
}

async function launch(means: LauncherParts, workload: Workload): Promise<Launched> {
  const { docker, clock, can, image } = means;
  const { init, limitsFiles } = can;
  const containerId = await create(means, workload).catch((failure: unknown) => {
    throw createFault(failure, workload);
  });
  try {
    return { containerId, image, output: await attachAndStart(means, containerId) };
  } catch (failure) {
    // The next sweep removes what did not start. The reason is more important than a failed removal.
    await removeContainer(docker, clock, containerId).catch(() => {});
    const words = wordsOf(failure);
    if (init && words.includes(initProgram)) can.init = false;
    else if (limitsFiles && words.includes(fileLimit)) can.limitsFiles = false;
    else throw startFault(failure, workload);
    return launch(means, workload);
  }
}

function startFault(failure: unknown, workload: Workload): Fault {
  const held = workload.inputs.flatMap((input) => input.held ?? []);
  // The system binds no file that was opened in another mount namespace, so this message identifies that case.
  if (!held.some(({ fd }) => wordsOf(failure).includes(`${descriptorDevice(fd)}:`))) {
    return engineFault(failure, `starting ${workload.id}`);
  }
  const why =
    "others can replace the input at its path, and the engine cannot mount the open file because it runs in another mount namespace: let only root write to the folders above it, or run the node and the engine in one mount namespace";
  return new Fault("ENGINE_FAILED", why, { cause: failure });
}

/** Attaches before the start, so that no output is missed and the log need not be read. */
async function attachAndStart({ docker, clock }: LauncherOptions, containerId: string): Promise<Readable> {
  const container = docker.getContainer(containerId);
  const attached = container.attach({ stream: true, stdout: true, stderr: true });
  const output = await within(attached, { clock, limitMs: callLimitMs, what: "attaching to a container" });
  assert(output instanceof Readable, "the engine's client attaches to a container without a stream");
  try {
    await within(container.start(), { clock, limitMs: callLimitMs, what: "starting a container" });
    return output;
  } catch (failure) {
    output.destroy();
    throw failure;
  }
}

async function create(means: LauncherParts, workload: Workload): Promise<string> {
  const { docker, clock, own, settings, can, gateway, image } = means;
  const { limitsDisk } = can;
  await means.seen(workload, image);
  const identity = { name: own.containerName(workload), Labels: own.labels(workload) };
  const plan = {
    identity,
    settings,
    mounts: await mountsOf(workload),
    gpus: await gpuOptions(workload.gpus ?? []),
    ...can,
    image,
  };
  const options = containerOptions(workload, gateway === undefined ? plan : { ...plan, gateway });
  try {
    return (
      await within(docker.createContainer(options), { clock, limitMs: callLimitMs, what: "creating a container" })
    ).id;
  } catch (failure) {
    if (!limitsDisk || !wordsOf(failure).includes(diskOption)) throw failure;
    if (settings.diskLimit === "refuse") throw new Fault("ENGINE_FAILED", `${noDiskLimit}: ${wordsOf(failure)}`);
    can.limitsDisk = false;
    return create(means, workload);
  }
}

const noDiskLimit = "the engine cannot limit the disk of a container, and docker.diskLimit is set to refuse";

function createFault(failure: unknown, workload: Workload): Fault {
  // The container's name contains the execution's id: a second one would run the same execution twice.
  if (statusOf(failure) !== 409) return engineFault(failure, `creating a container for ${workload.id}`);
  return new Fault(
    "ENGINE_FAILED",
    `${workload.id} already has a container: attach to it, or sweep it before a new start`,
  );
}
