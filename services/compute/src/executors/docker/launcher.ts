import { Readable } from "node:stream";
import { assert, type Clock, Fault } from "@shoal/core";
import type Docker from "dockerode";
import type { Work } from "../executor.ts";
import { containerOptions } from "./container-options.ts";
import type { ContainerSettings } from "./container-settings.ts";
import { engineFault, statusOf, wordsOf } from "./engine-fault.ts";
import { engineSight } from "./engine-sight.ts";
import { descriptorDevice, mountsOf } from "./mounts.ts";
import type { Ownership } from "./ownership.ts";
import { DockerParams } from "./params.ts";
import type { Pulls } from "./pulls.ts";
import { removeContainer } from "./remove-container.ts";
import { callLimitMs, within } from "./within.ts";

// The engine starts this program of its own before the task's; a small installation may lack it.
const initProgram = "docker-init";
// What the engine calls the option that its storage driver does not know.
const diskOption = "storage-opt";

export interface LauncherOptions {
  readonly docker: Docker;
  readonly clock: Clock;
  readonly own: Ownership;
  readonly images: Pulls;
  readonly settings: ContainerSettings;
}

/** A container that has been started, and all that it says. */
export interface Launched {
  readonly containerId: string;
  readonly output: Readable;
}

/** What an engine has been found to be able to do; all of it is asked for until it refuses. */
interface Abilities {
  /** An init process passes signals on and buries orphans, which programs that were not written to be the first one do not. */
  init: boolean;
  limitsDisk: boolean;
}
interface LauncherParts extends LauncherOptions {
  readonly can: Abilities;
  /** Makes sure that the engine means the same files as this process. */
  readonly seen: (work: Work) => Promise<void>;
}

/**
 * Makes and starts a container for a work; pulls the image first when the engine lacks it, until the signal fires. Throws a
 * Fault, and leaves nothing behind then. Dying between making and starting leaves a container that never ran.
 */
export function launcher(options: LauncherOptions): (work: Work, signal?: AbortSignal) => Promise<Launched> {
  const { docker, clock, own } = options;
  const seen = engineSight({ docker, clock, labels: own.labels });
  const means: LauncherParts = { ...options, seen, can: { init: true, limitsDisk: true } };
  return (work, signal) => launch(means, work, signal);
}

async function launch(means: LauncherParts, work: Work, signal?: AbortSignal): Promise<Launched> {
  const { docker, clock, can } = means;
  const { init } = can;
  const containerId = await createOrPull(means, work, signal);
  try {
    return { containerId, output: await attachAndStart(means, containerId) };
  } catch (failure) {
    // What did not start is removed by the next sweep at the latest; the reason counts more than a failure to tidy up.
    await removeContainer(docker, clock, containerId).catch(() => {});
    if (!init || !wordsOf(failure).includes(initProgram)) throw startFault(failure, work);
    can.init = false;
    return launch(means, work, signal);
  }
}

function startFault(failure: unknown, work: Work): Fault {
  const held = work.inputs.flatMap((input) => input.held ?? []);
  // The system binds nothing that was opened in another mount namespace, so this names exactly that.
  if (!held.some(({ fd }) => wordsOf(failure).includes(`${descriptorDevice(fd)}:`))) {
    return engineFault(failure, `starting ${work.id}`);
  }
  const why =
    "an input lies where others can replace it, and the engine cannot mount what this node holds because it runs in another mount namespace: let only root write to the folders above it, or run the node and the engine in one mount namespace";
  return new Fault("ENGINE_FAILED", why, { cause: failure });
}

/** Attaches first: then nothing that it says can be missed, and its log need not be read. */
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

async function createOrPull(means: LauncherParts, work: Work, signal?: AbortSignal): Promise<string> {
  const { Image } = DockerParams.parse(work.params);
  try {
    return await create(means, work);
  } catch (failure) {
    if (statusOf(failure) !== 404) throw createFault(failure, work);
  }
  await means.images.pull(Image, (line) => work.output("stderr", Buffer.from(`${line}\n`)), signal);
  try {
    return await create(means, work);
  } catch (failure) {
    throw createFault(failure, work);
  }
}

async function create(means: LauncherParts, work: Work): Promise<string> {
  const { docker, clock, own, settings, can } = means;
  const { init, limitsDisk } = can;
  await means.seen(work);
  const identity = { name: own.containerName(work), Labels: own.labels(work) };
  const options = containerOptions(work, { identity, settings, mounts: await mountsOf(work), init, limitsDisk });
  try {
    return (await within(docker.createContainer(options), { clock, limitMs: callLimitMs, what: "making a container" }))
      .id;
  } catch (failure) {
    if (!limitsDisk || !wordsOf(failure).includes(diskOption)) throw failure;
    if (settings.diskLimit === "refuse") throw new Fault("ENGINE_FAILED", `${noDiskLimit}: ${wordsOf(failure)}`);
    can.limitsDisk = false;
    return create(means, work);
  }
}

const noDiskLimit = "the engine cannot limit the disk of a container, and docker.diskLimit is refuse";

function createFault(failure: unknown, work: Work): Fault {
  // The container's name holds the execution's id: a second one would run the same execution twice.
  if (statusOf(failure) !== 409) return engineFault(failure, `making a container for ${work.id}`);
  return new Fault("ENGINE_FAILED", `${work.id} has a container already: attach to it, or sweep it before a new start`);
}
