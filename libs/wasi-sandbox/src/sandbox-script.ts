import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { getCompileCacheDir, stripTypeScriptTypes } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

// Built code has another extension.
const extension = import.meta.url.slice(import.meta.url.lastIndexOf("."));
/** The modules with which a process begins: of one guest, or of the guests of a namespace. */
export type SandboxMain = "main" | "main-lanes";

/** The path of such a module. */
export const mainPath = (main: SandboxMain): string =>
  fileURLToPath(new URL(`./sandbox/${main}${extension}`, import.meta.url));

const importLine = /^import\s+(?:type\s+)?\{([^}]*)\}\s+from\s+"([^"]+)";?$/gm;
const exportWord = /^export (?=(?:const|function\*?|class|async function) (\w+))/gm;
// A module that consists of types is not loaded.
const typeOnly = /^import type |^import \{(?:\s*type \w+,?)*\s*\} from/;

interface JoinedSource {
  readonly path: string;
  readonly text: string;
}

/** A module and all that it imports from its folder, the imported ones first. */
export function sourcesOf(path: string, found: Map<string, JoinedSource> = new Map()): readonly JoinedSource[] {
  const text = readFileSync(path, "utf8");
  for (const [line, , from = ""] of text.matchAll(importLine)) {
    const imported = join(dirname(path), from);
    if (from.startsWith(".") && !typeOnly.test(line) && !found.has(imported)) sourcesOf(imported, found);
  }
  found.set(path, { path, text });
  return [...found.values()];
}

/**
 * Joins modules into one script, each in a function that returns its exports; the last one is named `main`. A process loads one script in
 * a fifth of the time of the modules, from which it would also have to strip the types. It supports what the style of this project
 * allows: named imports and exports of declarations.
 */
export function joined(sources: readonly JoinedSource[]): string {
  const nameOf = new Map(sources.map(({ path }, index) => [path, index === sources.length - 1 ? "main" : `m${index}`]));
  const parts = sources.map(({ path, text }) => {
    const plain = path.endsWith(".ts") ? stripTypeScriptTypes(text) : text;
    const exported = [...plain.matchAll(exportWord)].map(([, name]) => name);
    const body = plain.replace(exportWord, "").replace(importLine, (_, names: string, from: string) => {
      const source = from.startsWith(".") ? nameOf.get(join(dirname(path), from)) : `require(${JSON.stringify(from)})`;
      return source === undefined ? "" : `const {${names.replaceAll(/ as /g, ": ")}} = ${source};`;
    });
    return `const ${nameOf.get(path)} = (() => {\n${body}\nreturn { ${exported.join(", ")} };\n})();\n`;
  });
  return `"use strict";\n${parts.join("")}`;
}

const written = new Map<SandboxMain, string>();

/**
 * The path of the script of a guest's process. It is written once for each version of the code, into the folder of Node's compile cache
 * where that is on, else into a temporary one.
 */
export function sandboxScript(main: SandboxMain = "main"): string {
  const earlier = written.get(main);
  if (earlier !== undefined && existsSync(earlier)) return earlier;
  const sources = sourcesOf(mainPath(main));
  const hash = createHash("sha256");
  for (const { text } of sources) hash.update(text);
  const folder = getCompileCacheDir() ?? mkdtempSync(join(tmpdir(), "shoal-sandbox-"));
  const script = join(folder, `shoal-sandbox-${hash.digest("hex").slice(0, 16)}.cjs`);
  written.set(main, script);
  if (existsSync(script)) return script;
  const unfinished = `${script}.${process.pid}`;
  writeFileSync(unfinished, joined(sources), { mode: 0o600 });
  renameSync(unfinished, script);
  return script;
}
