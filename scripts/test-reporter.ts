import type { Reporter, TestCase, TestModule, TestSuite } from "vitest/node";
import { reasonFrom, type Skip, type Tally, type TallyMessage } from "./test-tally.ts";

type Modules = Parameters<NonNullable<Reporter["onTestRunEnd"]>>[0];
type Unhandled = Parameters<NonNullable<Reporter["onTestRunEnd"]>>[1];

/** Counts what a vitest run came to and sends it to the process that started vitest. */
export default class TallyReporter implements Reporter {
  #pattern: RegExp | undefined;

  onInit(vitest: { readonly config: { readonly testNamePattern?: RegExp | undefined } }): void {
    this.#pattern = vitest.config.testNamePattern;
  }

  onTestRunEnd(modules: Modules, unhandled: Unhandled): void {
    const message: TallyMessage = { shoalTally: tallyOfRun(modules, unhandled.length, this.#pattern) };
    process.send?.(message);
  }
}

function tallyOfRun(modules: Modules, unhandled: number, pattern: RegExp | undefined): Tally {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const count = (state: string) => tests.filter((test) => test.result().state === state).length;
  const outside = modules.reduce((sum, module) => sum + errorsOutsideTests(module), 0);
  // A test that is still pending when the run ends was interrupted: that is no pass.
  const failed = count("failed") + count("pending") + outside + unhandled;
  // With -t vitest calls everything that does not match skipped; nobody asked about those.
  const asked = (test: TestCase) => pattern?.test(test.fullName.replaceAll(" > ", " ")) ?? true;
  const skips = tests.filter((test) => test.result().state === "skipped" && asked(test)).map(skipOf);
  return { passed: count("passed"), failed, skips };
}

function errorsOutsideTests(module: TestModule): number {
  const suites = [...module.children.allSuites()];
  return module.errors().length + suites.reduce((sum, suite) => sum + suite.errors().length, 0);
}

function skipOf(test: TestCase): Skip {
  return { file: test.module.relativeModuleId, test: test.fullName, reason: reasonOf(test) };
}

function reasonOf(test: TestCase): string | undefined {
  const result = test.result();
  const note = result.state === "skipped" ? result.note : undefined;
  if (note !== undefined) return note;
  if (test.options.mode === "todo") return "not written yet";
  const around = suitesAround(test);
  if (around.some((suite) => suite.errors().length > 0)) return "its set-up failed";
  return reasonFrom([test.name, ...around.map((suite) => suite.name)]);
}

function suitesAround(test: TestCase): readonly TestSuite[] {
  const suites: TestSuite[] = [];
  let parent: TestSuite | TestModule = test.parent;
  while (parent.type === "suite") {
    suites.push(parent);
    parent = parent.parent;
  }
  return suites;
}
