import type { z } from "zod";
import type { JobSpec, SpecConfig } from "../job/spec.ts";
import { readParams } from "../wire/codec.ts";
import { shownKey } from "../wire/fold-keys.ts";
import { engineParams } from "./engines/index.ts";
import { publisherParams } from "./publishers/index.ts";
import { sourceParams } from "./sources/index.ts";

/** What is wrong with the params of a job's parts, and the types that this version does not know: sentences with wire paths. */
export interface ParamsCheck {
  readonly problems: readonly string[];
  readonly unknown: readonly string[];
}

/**
 * Checks the params of every engine, source and publisher of a job by their schemas. A type without a schema is not a
 * problem: a node of a later version, or one with parts that this version does not have, may offer it.
 */
export function checkParams({ tasks }: JobSpec): ParamsCheck {
  const parts = tasks.flatMap(({ engine, inputSources, publisher }, index): readonly NamedPart[] => [
    { kind: "engine", path: `Tasks.${index}.Engine`, spec: engine, table: engineParams },
    ...inputSources.map(({ source }, input) => ({
      ...{ kind: "source", path: `Tasks.${index}.InputSources.${input}.Source`, spec: source, table: sourceParams },
    })),
    { kind: "publisher", path: `Tasks.${index}.Publisher`, spec: publisher, table: publisherParams },
  ]);
  // An empty publisher publishes nothing.
  const used = parts.filter(({ spec }) => spec.type !== "");
  return { problems: used.flatMap(problemsOf), unknown: used.flatMap(unknownOf) };
}

interface NamedPart {
  readonly kind: string;
  readonly path: string;
  readonly spec: SpecConfig;
  readonly table: Readonly<Record<string, z.ZodType>>;
}

function schemaOf({ spec, table }: NamedPart): z.ZodType | undefined {
  const type = spec.type.toLowerCase();
  return Object.hasOwn(table, type) ? table[type] : undefined;
}

function problemsOf(part: NamedPart): readonly string[] {
  const schema = schemaOf(part);
  const read = schema === undefined ? undefined : readParams(schema, part.spec.params);
  return read === undefined || read.ok ? [] : read.problems.map((problem) => `${part.path}.${problem}`);
}

function unknownOf(part: NamedPart): readonly string[] {
  if (schemaOf(part) !== undefined) return [];
  const { kind, path, spec, table } = part;
  const known = Object.keys(table).join(", ");
  return [
    `${path}.Type: this requester does not know the ${kind} "${shownKey(spec.type)}", only ${known}; only a node that offers it runs the job, and checks its params`,
  ];
}
