import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type GoldenLog, writeLog } from "./corpus.ts";
import { traces } from "./traces.ts";

/** The corpus of this version, until it is released. */
export const corpusName = "2026-11";

/** The files of a scenario, by name: its messages as JSON lines, and its final state. */
function goldenFiles(scenario: string, { messages, expectedState }: GoldenLog): ReadonlyMap<string, string> {
  return new Map([
    [`${scenario}.jsonl`, messages.map((message) => `${JSON.stringify(message)}\n`).join("")],
    [`${scenario}.txt`, `${expectedState}\n`],
  ]);
}

/**
 * Writes one scenario, or every scenario, to the folder. Files whose content is the same stay as they are; when every scenario is
 * written, files of other scenarios are removed.
 */
export function golden(
  folder: string,
  only?: string,
): { readonly lines: readonly string[]; readonly exitCode: number } {
  const names = Object.keys(traces).filter((name) => name === (only ?? name));
  if (names.length === 0) {
    const known = Object.keys(traces).map((name) => `  ${name}`);
    return { lines: [`no scenario "${only}"; the scenarios are:`, ...known], exitCode: 2 };
  }
  mkdirSync(folder, { recursive: true });
  const lines: string[] = [];
  const expected = new Set<string>();
  for (const scenario of names) {
    const trace = traces[scenario];
    if (trace === undefined) continue;
    const log = writeLog(scenario, trace);
    lines.push(...log.leftOut.map((why) => `left out, ${why}`));
    for (const [name, text] of goldenFiles(scenario, log)) {
      expected.add(name);
      if (isStored(join(folder, name), text)) continue;
      writeFileSync(join(folder, name), text);
      lines.push(`${name} written`);
    }
    lines.push(`${scenario}: ${log.messages.length} messages, ${log.expectedState}`);
  }
  if (only === undefined) {
    for (const name of readdirSync(folder).filter((each) => !expected.has(each))) {
      rmSync(join(folder, name));
      lines.push(`${name} removed`);
    }
  }
  return { lines, exitCode: 0 };
}

const isStored = (path: string, text: string): boolean => existsSync(path) && readFileSync(path, "utf8") === text;
