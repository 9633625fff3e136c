import { Readable } from "node:stream";
import { assert, type Clock, Fault } from "@shoal/core";
import type Docker from "dockerode";
import type { Work } from "../executor.ts";
import { containerOptions } from "./container-options.ts";
import { engineFault, statusOf, wordsOf } from "./engine-fault.ts";
import type { Ownership } from "./ownership.ts";
import { DockerParams } from "./params.ts";
import type { Pulls } from "./pulls.ts";
import { removeContainer } from "./remove-container.ts";
import { callLimitMs, within } from "./within.ts";

// The engine starts this program of its own before the task's; a small installation may lack it.
const initProgram = "docker-init";

export interface LauncherOptions {
  readonly docker: Docker;
  readonly clock: Clock;
  readonly own: Ownership;
  readonly images: Pulls;
}

/** A container that has been started, and all that it says. */
export interface Launched {
  readonly containerId: string;
  readonly output: Readable;
}

/**
 * Makes and starts a container for a work; pulls the image first when the engine lacks it. Throws a
 * Fault, and leaves nothing behind then. Dying between making and starting leaves a container that never ran.
 */
export function launcher(options: LauncherOptions): (work: Work) => Promise<Launched> {
  const { docker, clock } = options;
  // An init process passes signals on and buries orphans, which programs that were not written to be the first one do not.
  let init = true;

  async function launch(work: Work): Promise<Launched> {
    const containerId = await createOrPull(options, work, init);
    try {
      return { containerId, output: await attachAndStart(options, containerId) };
    } catch (failure) {
      // What did not start is removed by the next sweep at the latest; the reason counts more than a failure to tidy up.
      await removeContainer(docker, clock, containerId).catch(() => {});
      if (!init || !wordsOf(failure).includes(initProgram)) throw engineFault(failure, `starting ${work.id}`);
      init = false;
      return launch(work);
    }
  }
  return launch;
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

async function createOrPull(options: LauncherOptions, work: Work, init: boolean): Promise<string> {
  const { Image } = DockerParams.parse(work.params);
  try {
    return await create(options, work, init);
  } catch (failure) {
    if (statusOf(failure) !== 404) throw createFault(failure, work);
  }
  await options.images.pull(Image, (line) => work.output("stderr", Buffer.from(`${line}\n`)));
  try {
    return await create(options, work, init);
  } catch (failure) {
    throw createFault(failure, work);
  }
}

async function create({ docker, clock, own }: LauncherOptions, work: Work, init: boolean): Promise<string> {
  const identity = { name: own.containerName(work), Labels: own.labels(work) };
  const created = docker.createContainer(containerOptions(work, identity, init));
  return (await within(created, { clock, limitMs: callLimitMs, what: "making a container" })).id;
}

function createFault(failure: unknown, work: Work): Fault {
  // The container's name holds the execution's id: a second one would run the same execution twice.
  if (statusOf(failure) !== 409) return engineFault(failure, `making a container for ${work.id}`);
  return new Fault("ENGINE_FAILED", `${work.id} has a container already: attach to it, or sweep it before a new start`);
}
