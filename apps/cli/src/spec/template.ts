import { CliError } from "../failure.ts";
import { expressionValue, type TemplateVars } from "./template-expression.ts";

/** The name of a template for messages, and its variables. */
export interface TemplateOptions {
  readonly name: string;
  readonly vars: TemplateVars;
}

// An action of Go's text/template: a comment, or words and strings, which may contain braces. "-" trims the space beside it.
// Up to 1,000 words, strings and spaces: a long text without an end is refused in a moment.
const content = String.raw`\/\*[\s\S]*?\*\/|(?:"(?:\\.|[^"\\\n])*"|${"`"}[^${"`"}]*${"`"}|[^"${"`"}}]){0,1000}?`;
const action = new RegExp(String.raw`\{\{(-(?=\s))?\s{0,99}(${content})\s{0,99}((?<=\s)-)?\}\}`, "y");

/** An open {{if}}. */
interface OpenIf {
  readonly line: number;
  /** The {{if}} itself is in a part that is used. */
  readonly isUsed: boolean;
  /** One of its branches was used. */
  isDone: boolean;
  /** The current branch is used. */
  isOn: boolean;
  hasElse: boolean;
}

/**
 * Fills a template in: `{{.name}}`, strings, comments, `{{if}}` with `else if`, `else` and `end`, and the functions `eq`, `ne`,
 * `not`, `and`, `or` and `index`, as Go's text/template does. Throws CliError INVALID_SPEC with the line, for a variable that
 * is not set too.
 */
export function renderTemplate(text: string, { name, vars }: TemplateOptions): string {
  const open: OpenIf[] = [];
  const output: string[] = [];
  let trims = false;
  let line = 1;
  let at = 0;
  const refuse = (why: string): never => {
    throw invalid(name, line, why);
  };
  while (at < text.length) {
    const next = text.indexOf("{{", at);
    const end = next === -1 ? text.length : next;
    action.lastIndex = end;
    const found = next === -1 ? null : action.exec(text);
    line += newlinesIn(text.slice(at, end));
    if (next !== -1 && found === null) return refuse("expected {{ … }} with complete strings");
    const plain = trims ? text.slice(at, end).trimStart() : text.slice(at, end);
    if (isOn(open)) output.push(found?.[1] === undefined ? plain : plain.trimEnd());
    trims = found?.[3] !== undefined;
    if (found !== null) output.push(textOf(found[2] ?? "", { open, vars, line, refuse }));
    line += newlinesIn(found?.[0] ?? "");
    at = end + (found?.[0].length ?? 0);
  }
  const unclosed = open.at(-1);
  if (unclosed !== undefined) throw invalid(name, unclosed.line, "this {{if}} has no {{end}}");
  return output.join("");
}

interface ActionOptions {
  readonly open: OpenIf[];
  readonly vars: TemplateVars;
  readonly line: number;
  readonly refuse: (why: string) => never;
}

/** The text in place of an action; empty for one that opens, changes or closes a branch. */
function textOf(written: string, { open, vars, line, refuse }: ActionOptions): string {
  const isUsed = isOn(open);
  const value = (expression: string, used: boolean): string | boolean => {
    const result = expressionValue(expression, used ? vars : undefined);
    return result.ok ? result.value : refuse(result.why);
  };
  if (written.startsWith("/*")) return "";
  const [, word = "", rest = ""] = /^(if|else|end)(?:\s+([\s\S]*))?$/.exec(written) ?? [];
  if (word === "") {
    const shown = value(written, isUsed);
    return isUsed ? String(shown) : "";
  }
  if (word === "if") {
    const holds = isTrue(value(rest, isUsed));
    const isFirst = isUsed && holds;
    open.push({ line, isUsed, isOn: isFirst, isDone: isFirst, hasElse: false });
    return "";
  }
  const block = open.at(-1) ?? refuse(`{{${word}}} without {{if}}`);
  if (word === "end") {
    if (rest !== "") refuse(`expected {{end}}, got {{end ${rest}}}`);
    open.pop();
    return "";
  }
  if (block.hasElse) refuse("expected {{end}} after {{else}}");
  const [, condition] = /^if\s+([\s\S]*)$/.exec(rest) ?? [];
  if (rest !== "" && condition === undefined) refuse(`expected {{else}} or {{else if …}}, got {{else ${rest}}}`);
  const isNext = block.isUsed && !block.isDone;
  const holds = condition === undefined || isTrue(value(condition, isNext));
  block.isOn = isNext && holds;
  block.isDone ||= block.isOn;
  block.hasElse = condition === undefined;
  return "";
}

/** What follows is used. */
function isOn(open: readonly OpenIf[]): boolean {
  const inner = open.at(-1);
  return inner === undefined || (inner.isUsed && inner.isOn);
}

const isTrue = (value: string | boolean): boolean => value !== "" && value !== false;

const invalid = (name: string, line: number, why: string): CliError =>
  new CliError(
    "INVALID_SPEC",
    `${name}, line ${line}: ${why}`,
    "set variables with --template-vars NAME=VALUE or --template-envs REGEXP; --no-template submits the file as it is",
  );

const newlinesIn = (text: string): number => text.split("\n").length - 1;
