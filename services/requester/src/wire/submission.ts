import { Fault } from "@shoal/core";
import { apiRoutes, foldKeys, fromWire, JobSpec, shownKey } from "@shoal/proto";
import { z } from "zod";
import { apiLimits } from "../http/limits.ts";
import { withoutReserved } from "./server-meta.ts";

// The job is read by its own schema, behind this: its problems are of another code.
const Body = apiRoutes.submitJob.body.extend({ job: z.unknown().optional() });

export interface Submission {
  readonly spec: JobSpec;
  /** Empty when the client gave none. */
  readonly token: string;
  readonly warnings: readonly string[];
}

/**
 * Reads the body of a submission. What a server sets itself is left out, and so is what nobody knows; the warnings say so. `namespace`
 * is where a job goes that does not say it. Throws Fault BAD_REQUEST, INVALID_SPEC with all problems, a line each.
 */
export function readSubmission(json: unknown, namespace: string): Submission {
  if (!isFields(json)) throw new Fault("BAD_REQUEST", `wanted a body such as ${sample}, found ${foundIn(json)}`);
  const body = fromWire(Body, json);
  if (!body.ok) throw new Fault("BAD_REQUEST", firstOf(body.problems).join("\n"));
  const { job, idempotencyToken } = body.value;
  if (!isFields(job)) throw new Fault("INVALID_SPEC", `empty/nil job: wanted a body such as ${sample}`);
  const folded = foldKeys(job);
  if (!folded.ok) throw new Fault("INVALID_SPEC", folded.problem);
  const field = (name: string): unknown => job[folded.keys.get(name) ?? name];
  const warnings: string[] = [];
  const read = fromWire(JobSpec, oneTask(job, folded.keys.get("tasks"), warnings));
  if (!read.ok) throw new Fault("INVALID_SPEC", firstOf(read.problems).join("\n"));
  for (const key of read.unknown) {
    const warning = aboutUnknown(key, field);
    if (warning !== undefined) warnings.push(warning);
  }
  const { meta, dropped } = withoutReserved(read.value.meta);
  for (const key of dropped) warnings.push(`Meta key "${shownKey(key)}" is reserved and was dropped`);
  const others = body.value.namespace || namespace;
  const spec = { ...read.value, meta };
  const given = { token: idempotencyToken, warnings: firstOf(warnings) };
  if (others === "" || field("namespace")) return { spec, ...given };
  return { spec: { ...spec, namespace: JobSpec.shape.namespace.parse(others) }, ...given };
}

/** The first sentences of many, and how many more there are. */
function firstOf(all: readonly string[]): readonly string[] {
  const { sentences, sentenceChars } = apiLimits;
  const first = all.slice(0, sentences).map((each) => each.slice(0, sentenceChars));
  return all.length <= sentences ? first : [...first, `and ${all.length - sentences} more`];
}

const sample = '{"Job": {…}}';

function foundIn(json: unknown): string {
  if (json === undefined) return "an empty one";
  return Array.isArray(json) ? "a list" : `a ${typeof json}`;
}

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The field's clients may send several tasks and are warned that only the first counts. */
function oneTask(job: Fields, key: string | undefined, warnings: string[]): Fields {
  const tasks = key === undefined ? undefined : job[key];
  if (key === undefined || !Array.isArray(tasks) || tasks.length <= 1) return job;
  warnings.push("only one task is supported per job: the others were left out");
  return { ...job, [key]: tasks.slice(0, 1) };
}

// What a server sets: clients that send a whole job back send these too, mostly empty.
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
