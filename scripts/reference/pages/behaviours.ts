import { fileURLToPath } from "node:url";
import type { Behaviour, NamedTest } from "../behaviours/behaviour.ts";
import { findTests } from "../behaviours/find-tests.ts";
import { sections } from "../behaviours/sections/index.ts";
import { code, table } from "../markdown.ts";
import type { ReferencePage } from "../page.ts";

const from = "scripts/reference/behaviours/sections/";
const root = fileURLToPath(new URL("../../..", import.meta.url));

/** What Shoal does, and the test that proves each sentence. */
export const behavioursPage: ReferencePage = {
  file: "behaviours.md",
  title: "Behaviours",
  summary: "what jobs, requesters and compute nodes do, and the tests that prove it",
  from,
  body() {
    built ??= build();
    return built;
  },
};

// Reading every test file takes a second or more, and one process asks for the page several times.
let built: string | undefined;

function build(): string {
  const problems = findTests(root, sections);
  if (problems.length > 0) throw new Error(`the list of behaviours is stale: edit ${from}\n${problems.join("\n")}`);
  return [counts(), ...sections.map(section), open()].join("\n\n");
}

const all = sections.flatMap(({ title, rows }) => rows.map((row) => ({ ...row, title })));
const missing = all.filter((row) => row.missing !== undefined);

function counts(): string {
  const proven = all.length - missing.length;
  const tests = new Set(all.flatMap((row) => row.tests.map(({ file, title }) => `${file} ${title}`)));
  return [
    `${all.length} behaviours: ${proven} are proven by the tests that their rows name (${tests.size} tests), ${missing.length} are not yet there.`,
    "A title is as the test has it: `%s` is a value of its table, `…` a part that is computed; the row of the table follows in parentheses.",
  ].join("\n\n");
}

function section({ title, rows }: (typeof sections)[number]): string {
  const shown = rows.filter((row) => row.missing === undefined);
  return `## ${title}\n\n${table(
    ["behaviour", "proven by"],
    shown.map((row) => [row.behaviour, testList(row)]),
  )}`;
}

function open(): string {
  if (missing.length === 0) return "## Not yet\n\nEvery behaviour of the list has a test.";
  const rows = missing.map((row) => [row.title, row.behaviour, row.missing ?? "", testList(row)]);
  return `## Not yet\n\n${missing.length} behaviours:\n\n${table(["subject", "behaviour", "missing", "proven in part by"], rows)}`;
}

const testList = ({ tests }: Behaviour) => tests.map(link).join("<br>");

function link({ file, title, row }: NamedTest): string {
  const name = file.replace(/^.*\/(?=[^/]+\/)/, "");
  return `${code(title)}${row === undefined ? "" : ` (${row})`} in [${name}](../../${file})`;
}
