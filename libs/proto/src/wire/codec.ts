import type { z } from "zod";
import { foldKeys, mapProblem, shownKey, twice } from "./fold-keys.ts";
import { type FieldShape, type Shape, shapeOf } from "./shape.ts";

const nsPerMs = 1e6;
const nsPerUs = 1e3;
const usPerMs = 1e3;

/** A domain value in the wire format: PascalCase keys, Bacalhau's words; map keys and unknown values are unchanged. */
export function toWire<S extends z.ZodType>(schema: S, value: z.output<S>): unknown {
  return write(shapeOf(schema), value);
}

/** The result of reading the wire format: the value, or what is wrong with it; and the unknown keys. */
export type FromWire<T> =
  | { readonly ok: true; readonly value: T; readonly unknown: readonly string[] }
  | { readonly ok: false; readonly problems: readonly string[] };

/**
 * Reads the wire format: keys in any case, null as absent, unknown keys listed and left out. An object with too many fields or two
 * spellings of one is refused before its values are read. Never throws.
 */
export function fromWire<S extends z.ZodType>(schema: S, json: unknown): FromWire<z.output<S>> {
  const unknown: string[] = [];
  const problems: string[] = [];
  const data = read(shapeOf(schema), json, { path: "", unknown, problems });
  if (problems.length > 0) return { ok: false, problems };
  const parsed = schema.safeParse(data, { reportInput: true });
  if (parsed.success) return { ok: true, value: parsed.data, unknown };
  return { ok: false, problems: parsed.error.issues.map((issue) => sentence(schema, issue)) };
}

/**
 * Reads back what `toWire` wrote for this schema, unchecked and therefore fast: for Shoal's own stores, never for input. The value is
 * the same on the wire; an empty field that the writer left out may be undefined.
 */
export function readBack<S extends z.ZodType>(schema: S, json: unknown): z.output<S> {
  return restore(shapeOf(schema), json) as z.output<S>;
}

function restore(shape: Shape, json: unknown): unknown {
  if (json === undefined) return undefined;
  if (shape.kind === "leaf") return readLeaf(shape.meta.as, json);
  if (shape.kind === "array") return Array.isArray(json) ? json.map((item) => restore(shape.item, item)) : json;
  const from = json as Readonly<Record<string, unknown>>;
  const to: Record<string, unknown> = {};
  if (shape.kind === "map") {
    for (const [key, item] of Object.entries(from)) put(to, key, restore(shape.item, item));
    return to;
  }
  for (const { field, wire, empty, shape: inner } of shape.fields) {
    const value = restore(inner, from[wire]) ?? empty;
    if (value !== undefined) to[field] = value;
  }
  return to;
}

function write(shape: Shape, value: unknown): unknown {
  if (value === undefined || value === null) return undefined;
  if (shape.kind === "array") return Array.isArray(value) ? value.map((item) => write(shape.item, item)) : value;
  if (shape.kind === "leaf") return writeLeaf(shape.meta.as, value);
  const from = value as Readonly<Record<string, unknown>>;
  const to: Record<string, unknown> = {};
  if (shape.kind === "map") {
    for (const [key, item] of Object.entries(from)) put(to, key, write(shape.item, item));
    return to;
  }
  for (const { field, wire, omitEmpty, shape: inner } of shape.fields) {
    const written = write(inner, from[field]);
    if (written !== undefined && !(omitEmpty && isEmpty(written))) to[wire] = written;
  }
  return to;
}

function writeLeaf(as: (Shape & { kind: "leaf" })["meta"]["as"], value: unknown): unknown {
  if (as === undefined) return value;
  if (typeof as === "object") return as[String(value)] ?? value;
  if (typeof value !== "number") return value;
  return as === "nanoseconds" ? value * nsPerMs : new Date(value).toISOString();
}

interface WireReading {
  readonly path: string;
  readonly unknown: string[];
  readonly problems: string[];
}

function read(shape: Shape, json: unknown, at: WireReading): unknown {
  if (json === null || json === undefined) return undefined;
  if (shape.kind === "leaf") return readLeaf(shape.meta.as, json);
  if (shape.kind === "array") {
    return Array.isArray(json) ? json.map((item, index) => read(shape.item, item, deeper(at, String(index)))) : json;
  }
  if (typeof json !== "object" || Array.isArray(json)) return json;
  return shape.kind === "map" ? readMap(shape.item, json, at) : readObject(shape, json, at);
}

function readMap(item: Shape, json: object, at: WireReading): unknown {
  const problem = mapProblem(Object.keys(json));
  if (problem !== undefined) return refuse(at, problem);
  const to: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(json)) put(to, key, read(item, value, deeper(at, key)));
  return to;
}

function readObject({ byWireName, fields }: Shape & { kind: "object" }, json: object, at: WireReading): unknown {
  const folded = foldKeys(json);
  if (!folded.ok) return refuse(at, folded.problem);
  const to: Record<string, unknown> = {};
  const values: Readonly<Record<string, unknown>> = { ...json };
  for (const [lower, key] of folded.keys) readField(to, { key, item: values[key], known: byWireName.get(lower) }, at);
  fillEmpty(to, fields);
  return to;
}

function refuse({ path, problems }: WireReading, problem: string): undefined {
  problems.push(path === "" ? problem : `${path}: ${problem}`);
}

/** Restores the empty values that the writer left out. */
function fillEmpty(to: Record<string, unknown>, fields: readonly FieldShape[]): void {
  for (const { field, empty } of fields) if (empty !== undefined && to[field] === undefined) to[field] = empty;
}

function readField(to: Record<string, unknown>, field: WireField, at: WireReading): void {
  const { key, item, known } = field;
  const here = deeper(at, known?.wire ?? key);
  if (known === undefined) at.unknown.push(here.path);
  else to[known.field] = read(known.shape, item, here);
}

interface WireField {
  readonly key: string;
  readonly item: unknown;
  readonly known: FieldShape | undefined;
}

function readLeaf(as: (Shape & { kind: "leaf" })["meta"]["as"], json: unknown): unknown {
  if (as === undefined) return json;
  if (typeof as === "object") return Object.keys(as).find((word) => as[word] === json) ?? json;
  // To the microsecond: as a number, today in nanoseconds is exact to a quarter of one microsecond only.
  if (as === "nanoseconds") return typeof json === "number" ? Math.round(json / nsPerUs) / usPerMs : json;
  return typeof json === "string" ? Date.parse(json) : json;
}

function deeper(at: WireReading, key: string): WireReading {
  return { ...at, path: at.path === "" ? shownKey(key) : `${at.path}.${shownKey(key)}` };
}

/** Sets a key from outside: `__proto__` becomes an ordinary key and changes no prototype. */
function put(to: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(to, key, { value, enumerable: true, configurable: true, writable: true });
}

function isEmpty(value: unknown): boolean {
  if (typeof value === "object" && value !== null) return Object.keys(value).length === 0;
  return value === 0 || value === "" || value === false;
}

/** A problem for display: the path on the wire, what was expected, what was received. */
function sentence(schema: z.ZodType, issue: z.core.$ZodIssue): string {
  let shape: Shape = shapeOf(schema);
  const path = issue.path.map((step) => {
    const [name, inner] = stepInto(shape, String(step));
    shape = inner;
    return shownKey(name);
  });
  const found = issue.code === "invalid_type" ? `, got ${nameOf(issue.input)}` : "";
  // Where a schema has no message, zod's has what was received; `got` has it already.
  const expected = issue.message.replace(/^Invalid input: expected (\S+), received .*$/, "expected $1");
  return `${path.length === 0 ? "" : `${path.join(".")}: `}${expected}${found}`;
}

function stepInto(shape: Shape, step: string): readonly [string, Shape] {
  if (shape.kind === "array" || shape.kind === "map") return [step, shape.item];
  const field = shape.kind === "object" ? shape.fields.find((each) => each.field === step) : undefined;
  return field === undefined ? [step, shape] : [field.wire, field.shape];
}

function nameOf(input: unknown): string {
  if (input === undefined) return "nothing";
  return Array.isArray(input) ? "a list" : `a ${typeof input}`;
}

/**
 * Params of a part (engine, source, publisher): the keys that its schema names, matched in any case; others are unchanged. `problem` is called
 * with a sentence for each key that is given in two spellings: choosing one would be a guess.
 */
function matchKeys(
  schema: z.ZodType,
  params: Readonly<Record<string, unknown>>,
  problem: (sentence: string) => void,
): Record<string, unknown> {
  const shape = shapeOf(schema);
  const names =
    shape.kind === "object" ? new Map(shape.fields.map((each) => [each.field.toLowerCase(), each.field])) : new Map();
  const matched: Record<string, unknown> = {};
  const spelled = new Map<string, string>();
  for (const [key, value] of Object.entries(params)) {
    const name = names.get(key.toLowerCase());
    const other = name === undefined ? undefined : spelled.get(name);
    if (other !== undefined) problem(twice(other, key));
    if (name !== undefined) spelled.set(name, key);
    if (value !== null) put(matched, name ?? key, value);
  }
  return matched;
}

/** Reads a part's params by its own schema. */
export function readParams<S extends z.ZodType>(
  schema: S,
  params: Readonly<Record<string, unknown>>,
): FromWire<z.output<S>> {
  const problems: string[] = [];
  const matched = matchKeys(schema, params, (sentence) => problems.push(`Params: ${sentence}`));
  if (problems.length > 0) return { ok: false, problems };
  const parsed = schema.safeParse(matched, { reportInput: true });
  if (parsed.success) return { ok: true, value: parsed.data, unknown: [] };
  const inParams = (issue: z.core.$ZodIssue) =>
    `Params${issue.path.length === 0 ? ": " : "."}${sentence(schema, issue)}`;
  return { ok: false, problems: parsed.error.issues.map(inParams) };
}
