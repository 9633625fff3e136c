import { z } from "zod";
import { toWire } from "./codec.ts";
import { wireMeta } from "./meta.ts";
import { shapeOf } from "./shape.ts";

/** An object of a JSON document. */
export type JsonObject = Record<string, unknown>;
type JsonSchemaNode = z.core.JSONSchema.BaseSchema;

/**
 * The JSON schema (draft 2020-12) of what the codec writes for a schema (`output`) or accepts in the case that it writes (`input`). Unknown
 * keys are allowed, as later releases may send more. Schemas with an id are in `$defs`.
 */
export function wireJsonSchema(schema: z.ZodType, io: "input" | "output"): JsonObject {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any", override });
  return rest;
}

function override({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodTypes; jsonSchema: JsonSchemaNode }): void {
  const { as } = wireMeta.get(zodSchema) ?? {};
  if (as === "rfc3339") replace(jsonSchema, { type: "string", format: "date-time" });
  if (as === "nanoseconds") replace(jsonSchema, { type: "number" });
  if (typeof as === "object") replace(jsonSchema, valuesOf(Object.values(as)));
  if (jsonSchema.default !== undefined && zodSchema._zod.def.type === "default")
    jsonSchema.default = toWire(zodSchema as unknown as z.ZodType, jsonSchema.default) as never;
  if (zodSchema._zod.def.type === "object") renameFields(zodSchema, jsonSchema);
}

function valuesOf(values: readonly (string | number)[]): JsonSchemaNode {
  return { type: typeof values[0] === "number" ? "integer" : "string", enum: [...new Set(values)] };
}

/** A leaf whose value on the wire has another type: of the original schema, only the description applies. */
function replace(node: JsonSchemaNode, by: JsonSchemaNode): void {
  const { description } = node;
  for (const key of Object.keys(node)) delete node[key];
  Object.assign(node, description === undefined ? {} : { description }, by);
}

function renameFields(schema: z.core.$ZodTypes, node: JsonSchemaNode): void {
  const shape = shapeOf(schema);
  if (shape.kind !== "object" || node.properties === undefined) return;
  const fields = new Map(shape.fields.map((each) => [each.field, each]));
  const wireOf = (name: string): string => fields.get(name)?.wire ?? name;
  const isLeftOut = (name: string): boolean => fields.get(name)?.omitEmpty === true;
  node.properties = Object.fromEntries(Object.entries(node.properties).map(([name, each]) => [wireOf(name), each]));
  if (node.required !== undefined) node.required = node.required.filter((name) => !isLeftOut(name)).map(wireOf);
  delete node.additionalProperties;
}
