import type { BehaviourSection, NamedTest } from "./behaviour.ts";
import { readTestFile, type TestFile } from "./test-titles.ts";

/** What is wrong with the sections: a test that does not exist, a title that two tests have, a behaviour without either. */
export function findTests(root: string, sections: readonly BehaviourSection[]): readonly string[] {
  const files = new Map<string, TestFile | undefined>();
  const read = (path: string) => {
    if (!files.has(path)) files.set(path, readTestFile(root, path));
    return files.get(path);
  };
  return sections.flatMap(({ title, rows }) =>
    rows.flatMap(({ behaviour, tests, missing }) => {
      const problems = tests.flatMap((test) => problemOf(test, read(test.file)) ?? []);
      if (tests.length === 0 && missing === undefined) problems.push("names no test, and nothing that is missing");
      return problems.map((problem) => `${title}: "${behaviour}" ${problem}`);
    }),
  );
}

function problemOf({ file, title, row }: NamedTest, found: TestFile | undefined): string | undefined {
  if (found === undefined) return `names a file that does not exist: ${file}`;
  const same = found.titles.filter((one) => one === title || one.endsWith(` > ${title}`));
  if (same.length === 0) return `names a test that ${file} does not have: "${title}"`;
  if (same.length > 1) return `names a title that ${file} has ${same.length} times: "${title}"; write "outer > inner"`;
  if (row !== undefined && !found.texts.has(row)) return `names a row that ${file} does not have: "${row}"`;
  return undefined;
}
