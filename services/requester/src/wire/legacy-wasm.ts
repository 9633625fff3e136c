import { foldKeys } from "@shoal/proto";

type WireFields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is WireFields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

// Bacalhau's places for the modules of its old form.
const entryPath = "/wasm/entry.wasm";
const importPath = (index: number): string => `/wasm/imports/module_${index}.wasm`;

/**
 * Rewrites the old form of a wasm task, as it was sent: with input sources as `EntryModule` and `ImportModules`. They become inputs of
 * the task, and the engine's params name their paths. Any other task, also an invalid one, is returned as it is.
 */
export function withoutLegacyWasm(task: unknown): unknown {
  const engine = fieldOf(task, "engine");
  const params = fieldOf(engine, "params");
  if (!isFields(task) || !isFields(engine) || !isFields(params)) return task;
  const [entry, imports] = [fieldOf(params, "entrymodule"), fieldOf(params, "importmodules")];
  const list = Array.isArray(imports) ? imports : [];
  const sources = fieldOf(task, "inputsources") ?? [];
  if (fieldOf(engine, "type") !== "wasm" || !Array.isArray(sources)) return task;
  const moved = [entry, ...list].filter(isFields);
  if (moved.length === 0) return task;
  const pathOf = (index: number) => (index === 0 ? entryPath : importPath(index - 1));
  // Numbered by their places, whether the others are paths already.
  const inputs = [entry, ...list].flatMap((source, index) =>
    isFields(source) ? [replaced(source, "Target", pathOf(index))] : [],
  );
  const importPaths = list.map((source, index) => (isFields(source) ? importPath(index) : source));
  const withEntry = replaced(params, "EntryModule", isFields(entry) ? entryPath : entry);
  const newParams = Array.isArray(imports) ? replaced(withEntry, "ImportModules", importPaths) : withEntry;
  return replaced(
    replaced(task, "InputSources", [...sources, ...inputs]),
    "Engine",
    replaced(engine, "Params", newParams),
  );
}

/** The key of an object that spells a name in any case; the name itself when there is none. */
function keyOf(fields: WireFields, name: string): string {
  const folded = foldKeys(fields);
  return (folded.ok ? folded.keys.get(name.toLowerCase()) : undefined) ?? name;
}

const fieldOf = (value: unknown, name: string): unknown => (isFields(value) ? value[keyOf(value, name)] : undefined);

const replaced = (fields: WireFields, name: string, value: unknown): WireFields => ({
  ...fields,
  [keyOf(fields, name)]: value,
});
