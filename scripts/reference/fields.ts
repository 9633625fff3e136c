import { z } from "zod";

/** One field of a schema. */
export interface Field {
  /** `tasks[].engine.type`. */
  readonly path: string;
  readonly type: string;
  readonly required: boolean;
  readonly fallback: string;
  readonly summary: string;
}

const SchemaNode = z.looseObject({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  const: z.unknown().optional(),
  enum: z.array(z.unknown()).optional(),
  anyOf: z.array(z.unknown()).optional(),
  items: z.unknown().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  additionalProperties: z.unknown().optional(),
  required: z.array(z.string()).optional(),
  description: z.string().optional(),
  default: z.unknown().optional(),
});
type SchemaNode = z.infer<typeof SchemaNode>;

// Deeper than every schema of today; a schema that contains itself ends here.
const depthMax = 6;

/** The fields of an object schema, nested ones below their parent, in the order of the schema. */
export function fieldsOf(schema: z.ZodType, nested: "nested" | "flat"): readonly Field[] {
  const root = SchemaNode.parse(z.toJSONSchema(schema, { io: "input", unrepresentable: "any", reused: "inline" }));
  return below(root, "", nested === "nested" ? depthMax : 1);
}

function below(node: SchemaNode, prefix: string, depth: number): readonly Field[] {
  if (depth === 0) return [];
  return Object.entries(node.properties ?? {}).flatMap(([name, raw]) => {
    const child = SchemaNode.parse(raw);
    const path = `${prefix}${name}`;
    const field: Field = {
      path,
      type: typeOf(child),
      required: node.required?.includes(name) === true,
      fallback: child.default === undefined ? "" : JSON.stringify(child.default),
      summary: child.description ?? "",
    };
    return [field, ...below(child, `${path}.`, depth - 1), ...below(itemOf(child), `${path}[].`, depth - 1)];
  });
}

function itemOf(node: SchemaNode): SchemaNode {
  // A tuple has no items beyond those that it lists.
  return node.type === "array" && node.items !== false ? SchemaNode.parse(node.items ?? {}) : {};
}

function typeOf(node: SchemaNode): string {
  if (node.const !== undefined) return JSON.stringify(node.const);
  if (node.enum !== undefined) return node.enum.map((one) => JSON.stringify(one)).join(" or ");
  if (node.anyOf !== undefined)
    return [...new Set(node.anyOf.map((one) => typeOf(SchemaNode.parse(one))))].join(" or ");
  if (node.type === "array") return `list of ${typeOf(itemOf(node))}`;
  if (node.type === "object" && node.properties === undefined) return "map";
  return [node.type ?? "anything"].flat().join(" or ");
}
