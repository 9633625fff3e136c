import { errnoNumber, Refusal } from "./errno.ts";
import { clockFunctions } from "./functions/clocks.ts";
import { descriptorFunctions } from "./functions/descriptor-functions.ts";
import { environment } from "./functions/environment.ts";
import { httpFunctions } from "./functions/http.ts";
import { pathFunctions } from "./functions/path-functions.ts";
import { pollFunctions } from "./functions/polling.ts";
import { processFunctions } from "./functions/processes.ts";
import type { HostContext, HostFunction } from "./host.ts";

/** The module name under which guests import preview 1. */
export const preview1Name = "wasi_snapshot_preview1";

/** Every function of WASI preview 1, without a prototype: guests name what they import from it. */
export const preview1: Readonly<Record<string, HostFunction>> = Object.assign(Object.create(null), {
  ...environment,
  ...clockFunctions,
  ...descriptorFunctions,
  ...pathFunctions,
  ...pollFunctions,
  ...processFunctions,
} satisfies Record<string, HostFunction>);

/** The functions as imports of one instance, bound to its memory. */
export function importsFor(host: HostContext): Record<string, (...passed: unknown[]) => number> {
  const imports: Record<string, (...passed: unknown[]) => number> = Object.create(null);
  for (const [name, run] of Object.entries(preview1))
    imports[name] = (...passed) => answer(() => run(alive(host), passed));
  return imports;
}

/** The functions of `wasi:http/requests` as imports of one instance; their results are no error numbers. */
export function httpImportsFor(host: HostContext): Record<string, (...passed: unknown[]) => number> {
  const imports: Record<string, (...passed: unknown[]) => number> = Object.create(null);
  for (const [name, run] of Object.entries(httpFunctions)) imports[name] = (...passed) => run(alive(host), passed);
  return imports;
}

/** The host of a guest that has not ended. */
const alive = (host: HostContext): HostContext => (host.isOver() ? host.exit(0) : host);

function answer(run: () => void): number {
  try {
    run();
    return 0;
  } catch (failure) {
    if (failure instanceof Refusal) return errnoNumber[failure.errno] ?? 0;
    throw failure;
  }
}
