import { preview1, preview1Name } from "./preview1.ts";
import type { WantedMemory } from "./protocol.ts";
import { type Memory, type Module, type Providers, wasmEngine } from "./webassembly.ts";

// Names of missing imports that one message lists; the first few say what kind of module it is.
const namedMax = 5;

/** Memories that a module expects from outside, made with the limits that the agent gave them. */
export function memoriesFor(wanted: readonly WantedMemory[]): Providers {
  const made: Record<string, Record<string, Memory>> = {};
  for (const { module, name, minimumPages, maximumPages } of wanted) {
    made[module] ??= {};
    made[module][name] = new wasmEngine.Memory({ initial: minimumPages, maximum: maximumPages });
  }
  return made;
}

/** Says what a module imports that nobody provides; undefined when it can be linked. */
export function missingImports(module: Module, providers: Providers): string | undefined {
  const missing = wasmEngine.Module.imports(module).filter(({ module: from, name }) => {
    if (from === preview1Name) return preview1[name] === undefined;
    return providers[from]?.[name] === undefined;
  });
  if (missing.length === 0) return undefined;
  const named = missing.slice(0, namedMax).map(({ module: from, name, kind }) => `"${from}" "${name}" (${kind})`);
  const more = missing.length > namedMax ? ` and ${missing.length - namedMax} more` : "";
  return `it imports ${named.join(", ")}${more}, which nothing here provides: this node offers ${preview1Name} and the task's ImportModules`;
}
