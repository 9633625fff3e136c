import { type Clock, Fault } from "@shoal/core";
import type Docker from "dockerode";
import { z } from "zod";
import { engineFault, statusOf } from "./engine-fault.ts";
import { type Platform, platformProblem } from "./image-platform.ts";
import type { OnLine } from "./pull-progress.ts";
import type { Pulls } from "./pulls.ts";
import { callLimitMs, within } from "./within.ts";

/** An image that the engine has, under a name that never means another one. */
export interface PinnedImage {
  /** `name@sha256:…` of a registry, else the engine's own id. */
  readonly reference: string;
}

export interface ImageRequest {
  readonly image: string;
  /** What an earlier start ran: nothing else runs. */
  readonly pinned: string | undefined;
  readonly onLine: OnLine;
  readonly signal?: AbortSignal | undefined;
}

export interface ImagesOptions {
  readonly docker: Docker;
  readonly clock: Clock;
  readonly images: Pulls;
  readonly platform: () => Promise<Platform>;
}

const Inspected = z.object({
  Id: z.string(),
  RepoDigests: z.array(z.string()).nullish(),
  Os: z.string().default(""),
  Architecture: z.string().default(""),
});
type InspectedImage = z.infer<typeof Inspected>;

// An engine's own id: no registry has it.
const isId = /^sha256:[0-9a-f]{64}$/;

/**
 * Finds an image, pulls it first when the engine lacks it, and returns it by its digest. Throws a Fault: as a pull does,
 * or ENGINE_FAILED when the image is for another platform or a pinned one is gone.
 */
export async function pinnedImage(options: ImagesOptions, request: ImageRequest): Promise<PinnedImage> {
  const { image, pinned, onLine, signal } = request;
  const reference = pinned ?? image;
  const found = (await inspected(options, reference)) ?? (await pulled(options, reference, { onLine, signal }));
  const { Os, Architecture } = found;
  const problem = platformProblem(image, [{ os: Os, architecture: Architecture }], await options.platform());
  if (problem !== undefined) throw new Fault("ENGINE_FAILED", problem);
  return { reference: pinned ?? digestOf(reference, found) };
}

async function pulled(
  options: ImagesOptions,
  reference: string,
  { onLine, signal }: Pick<ImageRequest, "onLine" | "signal">,
): Promise<InspectedImage> {
  if (isId.test(reference))
    throw new Fault("ENGINE_FAILED", `the image that this execution ran (${reference}) is gone from the engine`);
  await options.images.pull(reference, onLine, signal);
  const found = await inspected(options, reference);
  if (found === undefined) throw new Fault("ENGINE_FAILED", `${reference} was removed while it was pulled`);
  return found;
}

async function inspected({ docker, clock }: ImagesOptions, reference: string): Promise<InspectedImage | undefined> {
  try {
    const answer = docker.getImage(reference).inspect();
    return Inspected.parse(await within(answer, { clock, limitMs: callLimitMs, what: "reading an image" }));
  } catch (failure) {
    if (statusOf(failure) === 404) return undefined;
    throw engineFault(failure, `reading the image ${reference}`);
  }
}

/** The digest under which the image's registry has it; the engine's id for an image of no registry. */
function digestOf(reference: string, { Id, RepoDigests }: InspectedImage): string {
  const repository = repositoryOf(reference);
  return (RepoDigests ?? []).find((digest) => repositoryOf(digest) === repository) ?? Id;
}

/** An image's name without tag and digest, as engines shorten it: `docker.io/library/x` is `x`. */
const repositoryOf = (reference: string): string =>
  reference
    .replace(/@.*$/, "")
    .replace(/:[^/:]*$/, "")
    .replace(/^(index\.)?docker\.io\//, "")
    .replace(/^library\//, "");
