import { relative } from "node:path";
import { z } from "zod";

/** A test that did not run, and what was missing. */
export interface Skip {
  readonly file: string;
  readonly test: string;
  readonly reason: string;
}

/** The result of a test run. Failures outside of any test count as failed too. */
export interface TestTally {
  readonly passed: number;
  readonly failed: number;
  readonly skips: readonly Skip[];
}

/** What is read of vitest's JSON report. */
const Report = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.enum(["passed", "failed"]),
      assertionResults: z.array(
        z.object({ ancestorTitles: z.array(z.string()), title: z.string(), fullName: z.string(), status: z.string() }),
      ),
    }),
  ),
});

type ReportedFile = z.infer<typeof Report>["testResults"][number];
type ReportedTest = ReportedFile["assertionResults"][number];

const skipped: ReadonlySet<string> = new Set(["skipped", "todo"]);

/**
 * Counts what vitest reports; files are named from the root. With `-t` vitest reports every test that does not match as skipped: only skipped tests that match the
 * pattern are listed.
 */
export function tallyOf(report: unknown, root: string, pattern: RegExp): TestTally {
  const files = Report.parse(report).testResults;
  const tests = files.flatMap(({ assertionResults }) => assertionResults);
  const passed = tests.filter(({ status }) => status === "passed").length;
  const failed = files.reduce((sum, file) => sum + failuresOf(file), 0);
  const skips = files.flatMap((file) =>
    file.assertionResults
      .filter(({ status, fullName }) => skipped.has(status) && pattern.test(fullName.trim()))
      .map((test) => ({
        file: relative(root, file.name),
        test: titlesOf(test).join(" > "),
        reason: reasonOf(test, file),
      })),
  );
  return { passed, failed, skips };
}

// A test that neither passed nor was skipped was interrupted. A file fails without a failed test when it or a set-up threw.
function failuresOf({ status, assertionResults }: ReportedFile): number {
  const failed = assertionResults.filter((test) => test.status !== "passed" && !skipped.has(test.status)).length;
  return failed === 0 && status === "failed" ? 1 : failed;
}

const titlesOf = ({ ancestorTitles, title }: ReportedTest) => [...ancestorTitles, title].filter((one) => one !== "");

/** From the titles, the innermost first: `survives a restart (needs a Docker engine)`. */
function reasonOf(test: ReportedTest, file: ReportedFile): string {
  if (test.status === "todo") return "not written yet";
  for (const title of titlesOf(test).reverse()) {
    const needs = /\((needs [^)]+)\)/.exec(title)?.[1];
    if (needs !== undefined) return needs;
  }
  if (failuresOf(file) > 0) return "its file or set-up failed";
  return "no reason given: name what is missing in the title, (needs …)";
}

/** The last line of a test run: `N passed, N failed`, and `, N skipped` when there are any. */
export function lastLine({ passed, failed, skips }: TestTally): string {
  return `${passed} passed, ${failed} failed${skips.length > 0 ? `, ${skips.length} skipped` : ""}`;
}

/** The skipped tests, grouped by what was missing, one line each. */
export function skipLines(skips: readonly Skip[]): readonly string[] {
  return [...Map.groupBy(skips, ({ reason }) => reason)].flatMap(([reason, group]) => [
    `skipped ${group.length}: ${reason}`,
    ...group.map(({ file, test }) => `  ${file} > ${test}`),
  ]);
}
