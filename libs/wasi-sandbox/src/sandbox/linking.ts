import { httpFunctions, httpName } from "./functions/http.ts";
import { preview1, preview1Name } from "./preview1.ts";
import type { RequiredMemory } from "./protocol.ts";
import {
  type Exports,
  type Memory,
  type Module,
  type ModuleImport,
  type Providers,
  wasmEngine,
} from "./webassembly.ts";

// Names in one message; the first few show what kind of module it is.
const namedMax = 5;
// Characters of a name in a message: the engine allows 100,000 bytes, real libraries use at most a few hundred.
const nameMax = 200;

/**
 * A record whose keys a guest chooses. It has no prototype, because the engine looks imports up as any JavaScript does: from
 * an ordinary object a guest could import "constructor" and call it.
 */
export function bare<T>(entries: Iterable<readonly [string, T]> = []): Record<string, T> {
  const made: Record<string, T> = Object.create(null);
  for (const [name, value] of entries) made[name] = value;
  return made;
}

/** The providers with one more, which replaces one of the same name. */
export function withProvider(providers: Providers, name: string, exports: Exports): Providers {
  return bare([...Object.entries(providers), [name, exports]]);
}

/** Creates the memories that a module imports, with the node's limits. */
export function memoriesFor(imports: readonly RequiredMemory[]): Providers {
  const made = bare<Record<string, Memory>>();
  for (const { module, name, minimumPages, maximumPages } of imports) {
    const memories = made[module] ?? bare<Memory>();
    made[module] = memories;
    memories[name] = new wasmEngine.Memory({ initial: minimumPages, maximum: maximumPages });
  }
  return made;
}

/** Describes the imports of a module that are not provided; undefined when it can be linked. */
export function missingImports(module: Module, providers: Providers, hasHttp: boolean): string | undefined {
  const missing = wasmEngine.Module.imports(module).filter((imported) => !isProvided(imported, providers, hasHttp));
  if (missing.length === 0) return undefined;
  const named = someOf(missing.map(({ module: from, name, kind }) => `"${from}" "${name}" (${kind})`));
  const http = hasHttp ? `, ${httpName}` : "";
  const hint = missing.some((imported) => imported.module === httpName) && !hasHttp ? "; HTTP needs network http" : "";
  return `it imports ${named}, which this node does not provide: it offers ${preview1Name}${http} and the task's ImportModules${hint}`;
}

/** The first of these names, and the number of the others. */
export function someOf(names: readonly string[]): string {
  const more = names.length > namedMax ? ` and ${names.length - namedMax} more` : "";
  return `${names.slice(0, namedMax).map(shortened).join(", ")}${more}`;
}

const shortened = (name: string): string => (name.length > nameMax ? `${name.slice(0, nameMax)}…"` : name);

function isProvided({ module: from, name, kind }: ModuleImport, providers: Providers, hasHttp: boolean): boolean {
  if (from === httpName && hasHttp) return kind === "function" && Object.hasOwn(httpFunctions, name);
  if (from === preview1Name) return kind === "function" && Object.hasOwn(preview1, name);
  const exports = Object.hasOwn(providers, from) ? providers[from] : undefined;
  // The engine itself accepts any JavaScript value for a global of a reference type, such as a library's function.
  return exports !== undefined && Object.hasOwn(exports, name) && kindOf(exports[name]) === kind;
}

function kindOf(exported: unknown): ModuleImport["kind"] {
  if (typeof exported === "function") return "function";
  if (exported instanceof wasmEngine.Memory) return "memory";
  if (exported instanceof wasmEngine.Table) return "table";
  return exported instanceof wasmEngine.Global ? "global" : "tag";
}
