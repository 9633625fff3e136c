import { z } from "zod";

/** One field of a schema. */
export interface Field {
  /** `tasks[].engine.type`. */
  readonly path: string;
  readonly type: string;
  readonly required: boolean;
  readonly fallback: string;
  /** `0 to 255`, `characters: at most 9`; empty without a limit. */
  readonly limits: string;
  readonly summary: string;
}

const SchemaNode = z.looseObject({
  $ref: z.string().optional(),
  $defs: z.record(z.string(), z.looseObject({ description: z.string().optional() })).optional(),
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
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  minLength: z.number().optional(),
  maxLength: z.number().optional(),
  minItems: z.number().optional(),
  maxItems: z.number().optional(),
});
type SchemaNode = z.infer<typeof SchemaNode>;

// Deeper than every schema of today; a schema that contains itself ends here.
const depthMax = 6;

/** The fields of an object schema, nested ones below their parent, in the order of the schema. */
export function fieldsOf(schema: z.ZodType, nested: "nested" | "flat"): readonly Field[] {
  const options = { io: "input", unrepresentable: "any", reused: "inline" } as const;
  return fieldsOfJson(z.toJSONSchema(schema, options), nested);
}

/** The same for a JSON schema. */
export function fieldsOfJson(schema: object, nested: "nested" | "flat"): readonly Field[] {
  const root = SchemaNode.parse(schema);
  return below(root, { prefix: "", depth: nested === "nested" ? depthMax : 1, defs: root.$defs ?? {} });
}

interface Level {
  readonly prefix: string;
  readonly depth: number;
  readonly defs: NonNullable<SchemaNode["$defs"]>;
}

function below(node: SchemaNode, { prefix, depth, defs }: Level): readonly Field[] {
  if (depth === 0) return [];
  const under = (path: string): Level => ({ prefix: path, depth: depth - 1, defs });
  return Object.entries(node.properties ?? {}).flatMap(([name, raw]) => {
    const child = SchemaNode.parse(raw);
    const path = `${prefix}${name}`;
    const field: Field = {
      path,
      type: typeOf(child),
      required: node.required?.includes(name) === true,
      fallback: child.default === undefined ? "" : JSON.stringify(child.default),
      limits: limitsOf(child),
      summary: child.description ?? defs[nameOf(child)]?.description ?? "",
    };
    return [field, ...below(child, under(`${path}.`)), ...below(itemOf(child), under(`${path}[].`))];
  });
}

function itemOf(node: SchemaNode): SchemaNode {
  // A tuple has no items beyond those that it lists.
  return node.type === "array" && node.items !== false ? SchemaNode.parse(node.items ?? {}) : {};
}

/** The name of the definition that a node refers to; empty for another node. */
const nameOf = ({ $ref = "" }: SchemaNode): string => $ref.replace(/^.*\//, "");

function typeOf(node: SchemaNode): string {
  if (node.$ref !== undefined) return nameOf(node);
  if (node.const !== undefined) return JSON.stringify(node.const);
  if (node.enum !== undefined) return node.enum.map((one) => JSON.stringify(one)).join(" or ");
  if (node.anyOf !== undefined)
    return [...new Set(node.anyOf.map((one) => typeOf(SchemaNode.parse(one))))].join(" or ");
  if (node.type === "array") return `list of ${typeOf(itemOf(node))}`;
  if (node.type === "object" && node.properties === undefined) return "map";
  return [node.type ?? "anything"].flat().join(" or ");
}

function limitsOf(node: SchemaNode): string {
  // Every integer has the bounds of a number in JavaScript.
  const chosen = (bound = Number.MAX_SAFE_INTEGER) => (Math.abs(bound) === Number.MAX_SAFE_INTEGER ? undefined : bound);
  const own = [
    range(chosen(node.minimum), chosen(node.maximum), ""),
    range(node.minLength, node.maxLength, "characters: "),
    range(node.minItems, node.maxItems, "entries: "),
  ];
  const ofItems = node.type === "array" ? limitsOf(itemOf(node)) : "";
  return [...own, ofItems === "" ? "" : `each: ${ofItems}`].filter((text) => text !== "").join("; ");
}

function range(least: number | undefined, most: number | undefined, prefix: string): string {
  if (least !== undefined && most !== undefined) return `${prefix}${least === most ? least : `${least} to ${most}`}`;
  if (least !== undefined) return `${prefix}at least ${least}`;
  return most === undefined ? "" : `${prefix}at most ${most}`;
}
