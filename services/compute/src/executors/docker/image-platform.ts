import { z } from "zod";
import type { EngineReader } from "./engine-reader.ts";

/** What an image or an engine runs on, in Go's names. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
}

const Version = z.object({ Os: z.string(), Arch: z.string() });
const Inspected = z.object({ Os: z.string(), Architecture: z.string() });
const Distribution = z.object({
  Platforms: z.array(z.object({ os: z.string(), architecture: z.string() })).nullish(),
});

/** The platform of the engine. */
export async function enginePlatform(read: EngineReader): Promise<Platform> {
  const { Os, Arch } = Version.parse(await read("/version"));
  return { os: Os, architecture: Arch };
}

/** The platform of an image that the engine has. Rejects as the engine does when it does not have it. */
export async function storedPlatform(read: EngineReader, image: string): Promise<Platform> {
  const { Os, Architecture } = Inspected.parse(await read(`/images/${image}/json`));
  return { os: Os, architecture: Architecture };
}

/** The platforms for which a registry has an image, as the engine asks the registry. */
export async function registryPlatforms(
  read: EngineReader,
  image: string,
  auth: Readonly<Record<string, string>>,
): Promise<readonly Platform[]> {
  return Distribution.parse(await read(`/distribution/${image}/json`, auth)).Platforms ?? [];
}

/** Why an image for these platforms does not run on an engine, or undefined; an image without a platform runs. */
export function platformProblem(image: string, platforms: readonly Platform[], engine: Platform): string | undefined {
  const named = platforms.filter(({ os, architecture }) => os !== "" && architecture !== "" && os !== "unknown");
  if (named.length === 0 || named.some((each) => text(each) === text(engine))) return undefined;
  return `${image} is for ${named.map(text).join(", ")}; this node's engine runs ${text(engine)}`;
}

const text = ({ os, architecture }: Platform): string => `${os}/${architecture}`;
