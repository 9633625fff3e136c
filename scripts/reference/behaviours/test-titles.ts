import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type CallExpression, type Expression, type Program, parseSync, type Span, Visitor } from "oxc-parser";

/** What a file of tests contains. */
export interface TestFile {
  /** Each test's title with those of the groups around it: `outer > inner`. A computed part is `…`. */
  readonly titles: readonly string[];
  /** Every string and every key of an object: the rows of its tests are among them. */
  readonly texts: ReadonlySet<string>;
}

const groups: readonly string[] = ["describe"];
const tests: readonly string[] = ["it", "test"];
const suites = /^\.\/|^\.\.\/contract\.ts$/;

/**
 * Reads a file of tests, with what it imports of the suites and tables beside and below it, and of the contracts above.
 * Undefined without the file.
 */
export function readTestFile(root: string, path: string): TestFile | undefined {
  const parsed = programsFrom(root, path);
  if (parsed.length === 0) return undefined;
  return {
    titles: parsed.flatMap(titlesOf),
    texts: new Set(parsed.flatMap(textsOf)),
  };
}

function programsFrom(root: string, first: string): readonly Program[] {
  const programs = new Map<string, Program>();
  const open = [first];
  for (const path of open) {
    const full = join(root, path);
    if (programs.has(path) || !existsSync(full)) continue;
    const { program } = parseSync(path, readFileSync(full, "utf8"));
    programs.set(path, program);
    open.push(...besides(path, program));
  }
  return [...programs.values()];
}

function besides(path: string, { body }: Program): readonly string[] {
  return body.flatMap((statement) =>
    statement.type === "ImportDeclaration" && suites.test(statement.source.value)
      ? [join(dirname(path), statement.source.value)]
      : [],
  );
}

interface Titled extends Span {
  readonly title: string;
  readonly isGroup: boolean;
}

function titlesOf(program: Program): readonly string[] {
  const calls: Titled[] = [];
  const visitor = new Visitor({
    CallExpression(call) {
      const name = calledName(call);
      const isGroup = groups.includes(name);
      const [first, ...others] = call.arguments;
      if ((!isGroup && !tests.includes(name)) || first === undefined || others.length === 0) return;
      if (first.type === "SpreadElement") return;
      calls.push({ title: titleOf(first), isGroup, start: call.start, end: call.end });
    },
  });
  visitor.visit(program);
  return calls
    .filter(({ isGroup }) => !isGroup)
    .map((test) => [...calls.filter((group) => contains(group, test)), test].map(({ title }) => title).join(" > "));
}

const contains = (group: Titled, test: Titled) => group.isGroup && group.start < test.start && group.end >= test.end;

/** The name that a chain begins with: `it` of `it.skipIf(x).each(rows)(…)`. */
function calledName(call: CallExpression): string {
  let callee: Expression = call.callee;
  while (callee.type !== "Identifier") {
    if (callee.type === "MemberExpression") callee = callee.object;
    else if (callee.type === "CallExpression") callee = callee.callee;
    else return "";
  }
  return callee.name;
}

function titleOf(expression: Expression): string {
  if (expression.type === "Literal") return String(expression.value);
  return expression.type === "TemplateLiteral"
    ? expression.quasis.map(({ value }) => value.cooked ?? "").join("…")
    : "…";
}

function textsOf(program: Program): readonly string[] {
  const texts: string[] = [];
  const visitor = new Visitor({
    Literal: ({ value }) => void (typeof value === "string" && texts.push(value)),
    Property: ({ key }) => void (key.type === "Identifier" && texts.push(key.name)),
  });
  visitor.visit(program);
  return texts;
}
