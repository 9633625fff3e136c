import { type Node, parseSync, type Span, Visitor } from "oxc-parser";

/** One small change of a file that a test should detect. */
export interface Mutant extends Span {
  /** What replaces the text from `start` to `end`. */
  readonly replacement: string;
  readonly line: number;
  /** The change as text, on one line. */
  readonly change: string;
}

const operators: Readonly<Record<string, string>> = {
  "<": "<=",
  "<=": "<",
  ">": ">=",
  ">=": ">",
  "===": "!==",
  "!==": "===",
  "-": "+",
  "*": "/",
  "&&": "||",
  "||": "&&",
};

// Tests check behaviour and few log lines; a missing log line is not a bug of this kind.
const logging = /\.(info|warn|debug|trouble)\(/;
// A sentence is for people: tests must not fix every word of it.
const sentence = /\s/;
// A longer change is cut in the report.
const shownChars = 60;

type Replace = (span: Span, replacement: string) => void;

/** Every change that these mutators make of a file, in the order of its text. */
export function mutantsOf(path: string, text: string): readonly Mutant[] {
  const { program } = parseSync(path, text);
  const skipped: Span[] = [];
  const mutants: Mutant[] = [];
  const skip = ({ start, end }: Span) => void skipped.push({ start, end });
  const replace: Replace = ({ start, end }, replacement) => {
    const line = text.slice(0, start).split("\n").length;
    const change = `${shown(text.slice(start, end))} → ${shown(replacement)}`;
    mutants.push({ start, end, replacement, line, change });
  };
  const textOf = ({ start, end }: Span) => text.slice(start, end);
  new Visitor({
    ...conditions(replace, textOf),
    ...statements(replace, textOf),
    ...values(replace),
    // Types are erased before the code runs, and a module that is not found is not a useful mutant.
    TSLiteralType: skip,
    ImportDeclaration: skip,
    ImportExpression: ({ source }) => skip(source),
    TSImportType: skip,
    ExportAllDeclaration: skip,
    ExportNamedDeclaration: ({ source }) => void (source === null ? undefined : skip(source)),
  }).visit(program);
  const isSkipped = ({ start, end }: Span) => skipped.some((one) => one.start <= start && end <= one.end);
  return mutants.filter((one) => !isSkipped(one)).toSorted((a, b) => a.start - b.start || a.end - b.end);
}

/** Negates conditions, and replaces one operator by another. */
function conditions(replace: Replace, textOf: (span: Span) => string) {
  const negate = ({ test }: { readonly test: Span }) => replace(test, `!(${textOf(test)})`);
  const swap = (node: Span & { readonly left: Node; readonly operator: string; readonly right: Node }): void => {
    const other = operators[node.operator];
    if (other !== undefined) replace(node, `${textOf(node.left)} ${other} ${textOf(node.right)}`);
  };
  return {
    IfStatement: negate,
    WhileStatement: negate,
    ConditionalExpression: negate,
    BinaryExpression: swap,
    LogicalExpression: swap,
    UnaryExpression(node: Span & { readonly operator: string; readonly argument: Span }) {
      if (node.operator === "!") replace(node, textOf(node.argument));
    },
    UpdateExpression(node: Span & { readonly operator: string }) {
      const [from, to] = node.operator === "++" ? ["++", "--"] : ["--", "++"];
      replace(node, textOf(node).replace(from, to));
    },
  };
}

/** Drops calls with an unused result, and returns that end a function early. */
function statements(replace: Replace, textOf: (span: Span) => string) {
  const dropReturn = (node: Node | null): void => {
    const last = node?.type === "BlockStatement" ? node.body.at(-1) : node;
    // A return value determines the type: the rest of the function must still return one.
    if (last?.type === "ReturnStatement") replace(last, ";");
  };
  return {
    ExpressionStatement(node: Span & { readonly expression: Node }) {
      const { expression } = node;
      const inner =
        expression.type === "UnaryExpression" || expression.type === "AwaitExpression"
          ? expression.argument
          : expression;
      const isCall = inner.type === "CallExpression" && inner.callee.type !== "Super";
      if ((isCall && !logging.test(textOf(node))) || inner.type === "AssignmentExpression") replace(node, ";");
    },
    "IfStatement:exit": ({ consequent }: { readonly consequent: Node }) => dropReturn(consequent),
  };
}

/** Changes constants: increases numbers by one, empties strings and lists, turns true into false. */
function values(replace: Replace) {
  return {
    Literal(node: Span & { readonly value: unknown }) {
      const { value } = node;
      if (typeof value === "number") replace(node, `${value + 1}`);
      if (typeof value === "boolean") replace(node, `${!value}`);
      if (typeof value === "string" && value !== "" && !sentence.test(value)) replace(node, '""');
    },
    ArrayExpression(node: Span & { readonly elements: readonly unknown[] }) {
      if (node.elements.length > 0) replace(node, "[]");
    },
  };
}

function shown(text: string): string {
  const line = text.replaceAll(/\s+/g, " ");
  return line.length <= shownChars ? line : `${line.slice(0, shownChars)}…`;
}
