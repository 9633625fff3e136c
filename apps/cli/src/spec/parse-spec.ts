import { fromWire, JobSpec } from "@shoal/proto";
import { LineCounter, parseDocument } from "yaml";
import { CliError } from "../failure.ts";
import { sizeProblem, yamlProblem } from "./yaml-limits.ts";

/** Reads a job spec from YAML or JSON and checks it. Throws CliError INVALID_SPEC with every problem and its place. */
export function parseSpec(text: string, name: string): Readonly<Record<string, unknown>> {
  const value = unwrapped(read(text, name));
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new CliError("INVALID_SPEC", `${name}: expected a job, got ${kindOf(value)}`);
  }
  const spec = { ...value };
  const problems = specProblems(spec);
  if (problems.length > 0) throw new CliError("INVALID_SPEC", problems.join("\n       "));
  return spec;
}

// The limit of the API for a body.
const writtenOutCharsMax = 10_000_000;

function read(text: string, name: string): unknown {
  const danger = yamlProblem(text);
  if (danger !== undefined) throw new CliError("INVALID_SPEC", `${name}: ${danger}`, smaller);
  const value = composed(text, name);
  const size = sizeProblem(value, writtenOutCharsMax);
  if (size !== undefined) throw new CliError("INVALID_SPEC", `${name}: ${size}`, smaller);
  return value;
}

const smaller = "pass data as an input of the task, and replace aliases by their values";

function composed(text: string, name: string): unknown {
  // JSON is YAML: one parser gives line numbers for both.
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, version: "1.2" });
  // A warning is an unknown tag: its value would silently be read as another type.
  const [first] = [...document.errors, ...document.warnings];
  if (first !== undefined) {
    const { line, col } = lines.linePos(first.pos[0]);
    throw new CliError(
      "INVALID_SPEC",
      `${name}, line ${line}, column ${col}: ${first.message}`,
      "fix this line and resubmit",
    );
  }
  try {
    return document.toJS();
  } catch (failure) {
    // Aliases that exceed the parser's limit.
    throw new CliError("INVALID_SPEC", `${name}: ${failure instanceof Error ? failure.message : String(failure)}`);
  }
}

/** Unwraps a body of the API, which has the job under `Job`. */
function unwrapped(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const [[key, inner] = ["", undefined], ...more] = Object.entries(value);
  return key.toLowerCase() === "job" && more.length === 0 ? inner : value;
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  return Array.isArray(value) ? "a list" : `a ${typeof value}`;
}

// Fields that the server sets; Bacalhau's command line refuses these by name too.
const serverSet: readonly string[] = ["id", "state", "version", "revision", "createtime", "modifytime"];

/** Lists the problems of a job spec: unknown fields at any level, wrong types, broken rules. Empty for a valid spec. */
function specProblems(spec: Readonly<Record<string, unknown>>): readonly string[] {
  const read = fromWire(JobSpec, spec);
  return read.ok ? unknownFields(read.unknown) : [...read.problems, ...unknownFields(unknownOf(spec))];
}

const topLevel: ReadonlySet<string> = new Set(Object.keys(JobSpec.shape).map((field) => field.toLowerCase()));

/** The unknown fields of the top level, for a spec that cannot be parsed. */
const unknownOf = (spec: Readonly<Record<string, unknown>>): readonly string[] =>
  Object.keys(spec).filter((key) => !topLevel.has(key.toLowerCase()));

function unknownFields(paths: readonly string[]): readonly string[] {
  return paths.map((path) => {
    if (serverSet.includes(path.toLowerCase())) return `field: '${path}' in 'Job' is not allowed`;
    const [key = path, ...above] = path.split(".").reverse();
    return `unknown field: '${key}' in '${above.length === 0 ? "Job" : above.reverse().join(".")}'`;
  });
}
