import { errnoNumber, Refusal } from "./errno.ts";
import { clockFunctions } from "./functions/clocks.ts";
import { descriptorFunctions } from "./functions/descriptor-functions.ts";
import { environment } from "./functions/environment.ts";
import { pathFunctions } from "./functions/path-functions.ts";
import { pollFunctions } from "./functions/polling.ts";
import { processFunctions } from "./functions/processes.ts";
import type { Host, HostFunction } from "./host.ts";

/** The module name under which guests import preview 1. */
export const preview1Name = "wasi_snapshot_preview1";

/** Every function of WASI preview 1. */
export const preview1: Readonly<Record<string, HostFunction>> = {
  ...environment,
  ...clockFunctions,
  ...descriptorFunctions,
  ...pathFunctions,
  ...pollFunctions,
  ...processFunctions,
};

/** The functions as imports of one instance, over its own memory. */
export function importsFor(host: Host): Record<string, (...passed: unknown[]) => number> {
  const bound = Object.entries(preview1).map(([name, run]) => {
    const call = (...passed: unknown[]) => answer(() => run(host, passed));
    return [name, call] as const;
  });
  return Object.fromEntries(bound);
}

function answer(run: () => void): number {
  try {
    run();
    return 0;
  } catch (failure) {
    if (failure instanceof Refusal) return errnoNumber[failure.errno] ?? 0;
    throw failure;
  }
}
