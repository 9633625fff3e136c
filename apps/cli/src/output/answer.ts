/** A field of an answer of the API; undefined when it is absent. */
export function fieldOf(json: unknown, name: string): unknown {
  return typeof json === "object" && json !== null
    ? new Map<string, unknown>(Object.entries(json)).get(name)
    : undefined;
}

/** A list of an answer; empty when it is absent. */
export function listOf(json: unknown, name: string): readonly unknown[] {
  const value = fieldOf(json, name);
  return Array.isArray(value) ? value : [];
}

/** A text of an answer; empty when it is absent. */
export function textOf(json: unknown, name: string): string {
  const value = fieldOf(json, name);
  return typeof value === "string" ? value : "";
}
