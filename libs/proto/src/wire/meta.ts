import { z } from "zod";

/** How a field's form on the wire differs from its name and type. */
export interface WireMeta {
  /** The key, when it is not the field's own name in PascalCase. */
  readonly name?: string;
  /** The value: milliseconds become nanoseconds or an RFC 3339 text; words become other words or integers. */
  readonly as?: "nanoseconds" | "rfc3339" | Readonly<Record<string, string | number>>;
  /** Left out when it is 0, "", false, an empty list or an empty map. */
  readonly omitEmpty?: boolean;
}

/** The schemas whose form on the wire differs. */
export const wireMeta: z.core.$ZodRegistry<WireMeta> = z.registry<WireMeta>();

/** Declares a field's form on the wire. Needs a schema made for this field alone. */
export function onWire<S extends z.ZodType>(schema: S, meta: WireMeta): S {
  wireMeta.add(schema, meta);
  return schema;
}
