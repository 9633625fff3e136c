import { Fault } from "@shoal/core";
import { apiRoutes, checkParams, foldKeys, fromWire, JobSpec, shownKey } from "@shoal/proto";
import { z } from "zod";
import { apiLimits } from "../http/limits.ts";
import { withoutLegacyWasm } from "./legacy-wasm.ts";
import { withoutReserved } from "./server-meta.ts";

// The job is parsed by its own schema after this: its problems have another code.
const Body = apiRoutes.submitJob.body.extend({ job: z.unknown().optional() });

export interface Submission {
  readonly spec: JobSpec;
  /** Update the job of this name even if its spec is the same. */
  readonly force: boolean;
  /** Empty when the client gave none. */
  readonly token: string;
  readonly warnings: readonly string[];
}

/**
 * Parses the body of a submission. Fields that the server sets and unknown fields are dropped, with a warning each.
 * `namespace` is the default for a job that names none. Throws Fault BAD_REQUEST, INVALID_SPEC with all problems, one a
 * line.
 */
export function readSubmission(json: unknown, namespace: string): Submission {
  if (!isFields(json)) throw new Fault("BAD_REQUEST", `expected a body such as ${sample}, got ${foundIn(json)}`);
  const body = fromWire(Body, json);
  if (!body.ok) throw new Fault("BAD_REQUEST", firstOf(body.problems).join("\n"));
  const { job, idempotencyToken, force } = body.value;
  if (!isFields(job)) throw new Fault("INVALID_SPEC", `empty/nil job: expected a body such as ${sample}`);
  const folded = foldKeys(job);
  if (!folded.ok) throw new Fault("INVALID_SPEC", folded.problem);
  const field = (name: string): unknown => job[folded.keys.get(name) ?? name];
  const warnings: string[] = [];
  const read = fromWire(JobSpec, oneTask(job, folded.keys.get("tasks"), warnings));
  if (!read.ok) throw new Fault("INVALID_SPEC", firstOf(read.problems).join("\n"));
  const params = checkParams(read.value);
  if (params.problems.length > 0) throw new Fault("INVALID_SPEC", firstOf(params.problems).join("\n"));
  warnings.push(...params.unknown);
  for (const key of read.unknown) {
    const warning = aboutUnknown(key, field);
    if (warning !== undefined) warnings.push(warning);
  }
  const { meta, dropped } = withoutReserved(read.value.meta);
  for (const key of dropped) warnings.push(`Meta key "${shownKey(key)}" is reserved and was dropped`);
  const others = body.value.namespace || namespace;
  const spec = { ...read.value, meta };
  const given = { token: idempotencyToken, force, warnings: firstOf(warnings) };
  if (others === "" || field("namespace")) return { spec, ...given };
  return { spec: { ...spec, namespace: JobSpec.shape.namespace.parse(others) }, ...given };
}

/** The first sentences of a list, and the number of the others. */
function firstOf(all: readonly string[]): readonly string[] {
  const { sentences, sentenceChars } = apiLimits;
  const first = all.slice(0, sentences).map((each) => each.slice(0, sentenceChars));
  return all.length <= sentences ? first : [...first, `and ${all.length - sentences} more`];
}

const sample = '{"Job": {…}}';

function foundIn(json: unknown): string {
  if (json === undefined) return "an empty body";
  return Array.isArray(json) ? "a list" : `a ${typeof json}`;
}

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Bacalhau's clients may send several tasks and are warned that only the first is used. */
function oneTask(job: Fields, key: string | undefined, warnings: string[]): Fields {
  const tasks = key === undefined ? undefined : job[key];
  if (key === undefined || !Array.isArray(tasks)) return job;
  if (tasks.length > 1) warnings.push("only one task is supported per job: the others were ignored");
  return { ...job, [key]: tasks.slice(0, 1).map(withoutLegacyWasm) };
}

// Fields that a server sets: clients that send a whole job back send these too, mostly empty.
const ours = new Set(["id", "state", "version", "revision", "createtime", "modifytime"]);

function aboutUnknown(path: string, field: (name: string) => unknown): string | undefined {
  if (!ours.has(path.toLowerCase())) return `unknown field "${path}" was ignored`;
  return isZero(field(path.toLowerCase())) ? undefined : `${path} is set by the server and was ignored`;
}

/** Nothing, or the zero value that a client sends for nothing. */
function isZero(value: unknown): boolean {
  if (isFields(value)) return Object.values(value).every(isZero);
  return value === null || value === undefined || value === "" || value === 0 || value === "Undefined";
}
