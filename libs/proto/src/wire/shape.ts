import type { z } from "zod";
import { type WireMeta, wireMeta } from "./meta.ts";
import { wireName } from "./names.ts";

/** What the codec needs of a schema; built once for each schema and cached. */
export type Shape =
  | {
      readonly kind: "object";
      readonly fields: readonly FieldShape[];
      readonly byWireName: ReadonlyMap<string, FieldShape>;
    }
  | { readonly kind: "array"; readonly item: Shape }
  | { readonly kind: "map"; readonly item: Shape }
  | { readonly kind: "leaf"; readonly meta: WireMeta };

export interface FieldShape {
  readonly field: string;
  readonly wire: string;
  readonly omitEmpty: boolean;
  /** The value of a field that was left out for being empty; undefined when the field has none. */
  readonly empty: unknown;
  readonly shape: Shape;
}

const saved = new WeakMap<z.core.$ZodType, Shape>();
const leaf: Shape = { kind: "leaf", meta: {} };

/** The shape of a schema inside optional, default and similar wrappers. */
export function shapeOf(schema: z.core.$ZodType): Shape {
  const known = saved.get(schema);
  if (known !== undefined) return known;
  const { inner, meta } = unwrap(schema);
  const shape = build(inner, meta);
  saved.set(schema, shape);
  return shape;
}

function build(schema: z.core.$ZodType, meta: WireMeta): Shape {
  const def = (schema as z.core.$ZodTypes)._zod.def;
  if (def.type === "array") return { kind: "array", item: shapeOf(def.element) };
  if (def.type === "record") return { kind: "map", item: shapeOf(def.valueType) };
  if (def.type !== "object") return meta.as === undefined ? leaf : { kind: "leaf", meta };
  const fields = Object.entries(def.shape).map(([field, each]): FieldShape => {
    const { inner, meta: collected } = unwrap(each);
    const omitEmpty = collected.omitEmpty === true;
    const empty = omitEmpty ? emptyOf(inner) : undefined;
    return { field, wire: collected.name ?? wireName(field), omitEmpty, empty, shape: shapeOf(each) };
  });
  return { kind: "object", fields, byWireName: new Map(fields.map((each) => [each.wire.toLowerCase(), each])) };
}

// The schema's parse copies lists and maps, so that sharing these is safe.
const empties: Readonly<Record<string, unknown>> = { string: "", number: 0, boolean: false, array: [], record: {} };

const emptyOf = (schema: z.core.$ZodType): unknown => empties[(schema as z.core.$ZodTypes)._zod.def.type];

/** Removes the wrappers; the outermost declaration about the wire wins. */
function unwrap(schema: z.core.$ZodType): { readonly inner: z.core.$ZodType; readonly meta: WireMeta } {
  let meta: WireMeta = wireMeta.get(schema) ?? {};
  let inner = schema as z.core.$ZodTypes;
  for (;;) {
    const def = inner._zod.def;
    if (def.type === "pipe") inner = def.in as z.core.$ZodTypes;
    else if ("innerType" in def) inner = def.innerType as z.core.$ZodTypes;
    else return { inner, meta };
    meta = { ...wireMeta.get(inner), ...meta };
  }
}
