import type { PartName, PartTemplate } from "./part.ts";

/** The files that a new part changes or adds, by path. Throws when one of its files exists, or a registry has another form. */
export function scaffold(
  template: PartTemplate,
  name: PartName,
  read: (path: string) => string | undefined,
): ReadonlyMap<string, string> {
  const written = new Map<string, string>();
  for (const [path, text] of Object.entries(template.files(name))) {
    if (read(path) !== undefined) throw new Error(`${path} exists: choose another name`);
    written.set(path, text);
  }
  for (const { path, change } of template.edits(name)) {
    const text = written.get(path) ?? read(path);
    if (text === undefined) throw new Error(`${path} is missing: change its template in scripts/new/parts`);
    written.set(path, change(text));
  }
  return written;
}
