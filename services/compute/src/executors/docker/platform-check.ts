import { type Clock, pause } from "@shoal/core";
import type { EngineReader } from "./engine-reader.ts";
import { enginePlatform, type Platform, platformProblem, registryPlatforms, storedPlatform } from "./image-platform.ts";
import type { RegistryCredentials, RegistryLogin } from "./registry-credentials.ts";

// Bacalhau's cache of manifests has the same size and age.
const cachedMax = 1_000;
const cachedMs = 60 * 60_000;
// A failed question is repeated after a minute: the registry may have been away.
const failedMs = 60_000;
// Questions to registries at once: more only wait for the same line.
const asksMax = 8;
// A bid waits this long for a registry. Requesters wait for bids for a second or so.
const bidWaitMs = 300;

interface Cached {
  readonly until: number;
  readonly platforms: Promise<readonly Platform[]>;
}

/** Why the engine cannot run an image because of its platform, or undefined when it can or when that is not known yet. */
export type PlatformCheck = (image: string) => Promise<string | undefined>;

export interface PlatformCheckOptions {
  readonly read: EngineReader;
  readonly clock: Clock;
  readonly credentials: RegistryCredentials;
}

/**
 * Checks platforms before a bid. An image that the engine has is read there; for others a registry is asked once an hour.
 * A slow or failing registry delays no bid: the image is checked again when it has been pulled.
 */
export function platformCheck({ read, clock, credentials }: PlatformCheckOptions): PlatformCheck {
  const cache = new Map<string, Cached>();
  let asking = 0;
  let own: Promise<Platform> | undefined;

  function fromRegistry(image: string): Promise<readonly Platform[]> {
    const before = cache.get(image);
    if (before !== undefined && before.until > clock.now()) return before.platforms;
    if (asking >= asksMax) return Promise.resolve([]);
    asking += 1;
    const platforms = credentials(image)
      .then((login) => registryPlatforms(read, image, authHeader(login)))
      .catch(() => {
        cache.set(image, { until: clock.now() + failedMs, platforms: Promise.resolve([]) });
        return [];
      })
      .finally(() => {
        asking -= 1;
      });
    cache.delete(image);
    cache.set(image, { until: clock.now() + cachedMs, platforms });
    const [oldest] = cache.keys();
    if (cache.size > cachedMax && oldest !== undefined) cache.delete(oldest);
    return platforms;
  }
  return async (image) => {
    try {
      own ??= enginePlatform(read);
      const engine = await own;
      const stored = await storedPlatform(read, image).catch(() => undefined);
      const none: readonly Platform[] = [];
      const late = new AbortController();
      const wait = pause(clock, bidWaitMs, late.signal).then(() => none);
      const platforms = stored === undefined ? await Promise.race([fromRegistry(image), wait]) : [stored];
      late.abort();
      return platformProblem(image, platforms, engine);
    } catch {
      // The engine does not answer: its availability shows why.
      own = undefined;
      return undefined;
    }
  };
}

/** The engine's header for a registry's login. */
function authHeader(login: RegistryLogin | undefined): Readonly<Record<string, string>> {
  if (login === undefined) return {};
  return { "x-registry-auth": Buffer.from(JSON.stringify(login)).toString("base64url") };
}
