import { z } from "zod";
import { Fault } from "../fault.ts";

/** One setting. */
export interface Setting {
  /** `auction.windowMs`. */
  readonly path: string;
  /** `SHOAL_AUCTION_WINDOW_MS`. */
  readonly env: string;
  readonly description: string;
  readonly fallback: unknown;
  readonly secret: boolean;
}

/** Sources of settings. A file is nested as the schema is; the others name one setting each. */
export interface ConfigSources {
  readonly file?: unknown;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** By path, as `-c path=value` sets them. */
  readonly flags: Readonly<Record<string, unknown>>;
}

/** A boolean setting; accepts the usual spellings of true and false. */
export const yesOrNo = () => z.union([z.boolean(), z.stringbool()]);

/** A list setting; text is split at commas. */
export const listOf = <S extends z.ZodType>(item: S) =>
  z.preprocess(
    (given) =>
      typeof given === "string"
        ? given
            .split(",")
            .map((each) => each.trim())
            .filter(Boolean)
        : given,
    z.array(item),
  );

/** A text setting that prints as `***`. */
export const secret = () => z.string().meta({ secret: true });

/** Every setting of a schema, in its order. */
export function settingsOf(schema: z.ZodType): readonly Setting[] {
  return leaves(schema, []).map(({ path, leaf, fallback }) => ({
    path: path.join("."),
    env: `SHOAL_${path.map(upperSnake).join("_")}`,
    description: describedBy(leaf),
    fallback,
    secret: z.globalRegistry.get(innermost(leaf))?.["secret"] === true,
  }));
}

/** Reads a config: defaults < file < env < flags. Throws Fault CONFIG_INVALID that lists each invalid setting. */
export function readConfig<S extends z.ZodType>(schema: S, given: ConfigSources): z.output<S> {
  const known = settingsOf(schema);
  const strangers = Object.keys(given.flags).filter(
    (path) => !known.some((each) => each.path.toLowerCase() === path.toLowerCase()),
  );
  if (strangers.length > 0)
    throw new Fault(
      "CONFIG_INVALID",
      `no setting "${strangers[0]}", only ${known.map((each) => each.path).join(", ")}`,
    );
  const tree: ConfigTree = structuredClone(isTree(given.file) ? given.file : {});
  const flags = new Map(Object.entries(given.flags).map(([path, value]) => [path.toLowerCase(), value]));
  for (const setting of known) {
    const value = flags.get(setting.path.toLowerCase()) ?? given.env[setting.env];
    if (value !== undefined && value !== "") plant(tree, setting.path.split("."), value);
  }
  const parsed = schema.safeParse(tree);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  throw new Fault("CONFIG_INVALID", problems.join("; "));
}

type ConfigTree = { [key: string]: unknown };

const isTree = (value: unknown): value is ConfigTree =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function plant(tree: ConfigTree, [head, ...rest]: readonly string[], value: unknown): void {
  if (head === undefined) return;
  if (rest.length === 0) {
    tree[head] = value;
    return;
  }
  const inner = isTree(tree[head]) ? tree[head] : {};
  tree[head] = inner;
  plant(inner, rest, value);
}

interface Leaf {
  readonly path: readonly string[];
  readonly leaf: z.core.$ZodType;
  readonly fallback: unknown;
}

function leaves(schema: z.core.$ZodType, path: readonly string[]): readonly Leaf[] {
  const inner = innermost(schema);
  const def = (inner as z.core.$ZodTypes)._zod.def;
  if (def.type !== "object") return [{ path, leaf: schema, fallback: fallbackOf(schema) }];
  return Object.entries(def.shape).flatMap(([key, each]) => leaves(each, [...path, key]));
}

/** Unwraps default, optional, readonly and similar; of a pipe, the input, unless that is a transform. */
function innermost(schema: z.core.$ZodType): z.core.$ZodType {
  const def = (schema as z.core.$ZodTypes)._zod.def;
  if ("innerType" in def) return innermost(def.innerType as z.core.$ZodType);
  if (def.type !== "pipe") return schema;
  const into = def.in as z.core.$ZodTypes;
  return innermost(into._zod.def.type === "transform" ? (def.out as z.core.$ZodType) : into);
}

function fallbackOf(schema: z.core.$ZodType): unknown {
  const def = (schema as z.core.$ZodTypes)._zod.def;
  if (def.type === "default" || def.type === "prefault") return def.defaultValue;
  return "innerType" in def ? fallbackOf(def.innerType as z.core.$ZodType) : undefined;
}

function describedBy(schema: z.core.$ZodType): string {
  const described = z.globalRegistry.get(schema)?.description;
  const def = (schema as z.core.$ZodTypes)._zod.def;
  if (described !== undefined) return described;
  return "innerType" in def ? describedBy(def.innerType as z.core.$ZodType) : "";
}

const upperSnake = (name: string): string => name.replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2").toUpperCase();

/** Settings for display: secrets as `***`. */
export function shownConfig(schema: z.ZodType, config: unknown): Readonly<Record<string, unknown>> {
  const at = (path: string): unknown =>
    path.split(".").reduce<unknown>((tree, key) => (isTree(tree) ? tree[key] : undefined), config);
  return Object.fromEntries(
    settingsOf(schema).map(({ path, secret: hidden }) => [path, hidden && at(path) ? "***" : at(path)]),
  );
}
