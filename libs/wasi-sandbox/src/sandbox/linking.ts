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

// Names that one message lists; the first few say what kind of module it is.
const namedMax = 5;
// Characters of a name in a message: the engine allows 100,000 bytes, a name of a real library has at most some hundreds.
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

/** The same providers and one more, which hides what had its name. */
export function withProvider(providers: Providers, name: string, exports: Exports): Providers {
  return bare([...Object.entries(providers), [name, exports]]);
}

/** Memories that a module expects from outside, made with the limits that the agent gave them. */
export function memoriesFor(expected: readonly RequiredMemory[]): Providers {
  const made = bare<Record<string, Memory>>();
  for (const { module, name, minimumPages, maximumPages } of expected) {
    const memories = made[module] ?? bare<Memory>();
    made[module] = memories;
    memories[name] = new wasmEngine.Memory({ initial: minimumPages, maximum: maximumPages });
  }
  return made;
}

/** Says what a module imports that nothing provides as that kind; undefined when it can be linked. */
export function missingImports(module: Module, providers: Providers): string | undefined {
  const missing = wasmEngine.Module.imports(module).filter((wish) => !isProvided(wish, providers));
  if (missing.length === 0) return undefined;
  const named = someOf(missing.map(({ module: from, name, kind }) => `"${from}" "${name}" (${kind})`));
  return `it imports ${named}, which nothing here provides: this node offers ${preview1Name} and the task's ImportModules`;
}

/** The first of these names, and how many there are besides. */
export function someOf(names: readonly string[]): string {
  const more = names.length > namedMax ? ` and ${names.length - namedMax} more` : "";
  return `${names.slice(0, namedMax).map(shortened).join(", ")}${more}`;
}

const shortened = (name: string): string => (name.length > nameMax ? `${name.slice(0, nameMax)}…"` : name);

function isProvided({ module: from, name, kind }: ModuleImport, providers: Providers): boolean {
  if (from === preview1Name) return kind === "function" && Object.hasOwn(preview1, name);
  const exports = Object.hasOwn(providers, from) ? providers[from] : undefined;
  // The engine itself takes any JavaScript value for a global of references, a function of a library among them.
  return exports !== undefined && Object.hasOwn(exports, name) && kindOf(exports[name]) === kind;
}

function kindOf(exported: unknown): ModuleImport["kind"] {
  if (typeof exported === "function") return "function";
  if (exported instanceof wasmEngine.Memory) return "memory";
  if (exported instanceof wasmEngine.Table) return "table";
  return exported instanceof wasmEngine.Global ? "global" : "tag";
}
