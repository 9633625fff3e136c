import type { Clock } from "@shoal/core";
import { z } from "zod";
import { wordsOf } from "./engine-fault.ts";
import type { EngineReader } from "./engine-reader.ts";
import { within } from "./within.ts";

// Two seconds: an engine that needs longer to return its version should get no new work.
const pingLimitMs = 2_000;
// Engine API 1.30 (Docker 17.06) is the first whose `wait` sends its headers before the container ends.
const apiVersionMin = [1, 30] as const;

const Version = z.object({ ApiVersion: z.string(), Os: z.string() });
const SystemError = z.object({ code: z.string() });

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "the socket does not exist; install and start Docker, or set the socket of another engine",
  EACCES: "permission denied; add this user to the socket's group (usually `docker`)",
  ECONNREFUSED: "nothing listens on the socket; start the Docker engine",
};

/** Why the engine behind this socket is unavailable, or undefined. Asks the engine on each call; never throws. */
export async function availability(read: EngineReader, socketPath: string, clock: Clock): Promise<string | undefined> {
  try {
    const answer = within(read("/version"), { clock, limitMs: pingLimitMs, what: "asking for its version" });
    const { ApiVersion, Os } = Version.parse(await answer);
    if (Os !== "linux") return `the engine at ${socketPath} runs ${Os} containers; Shoal needs Linux containers`;
    if (!isNewEnough(ApiVersion))
      return `the engine at ${socketPath} has API ${ApiVersion}; Shoal needs ${apiVersionMin.join(".")} or newer`;
    return undefined;
  } catch (failure) {
    const code = SystemError.safeParse(failure).data?.code ?? "";
    return `no Docker engine at ${socketPath}: ${reasons[code] ?? wordsOf(failure)}`;
  }
}

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > apiVersionMin[0] || (major === apiVersionMin[0] && minor >= apiVersionMin[1]);
}
