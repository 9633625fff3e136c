import { fromWire, JobSpec } from "@shoal/proto";

// Fields that the server sets; Bacalhau's command line refuses these by name too.
const serverSet: readonly string[] = ["id", "state", "version", "revision", "createtime", "modifytime"];

/** Lists the problems of a job spec: unknown fields at any level, wrong types, broken rules. Empty for a valid spec. */
export function specProblems(spec: Readonly<Record<string, unknown>>): readonly string[] {
  const read = fromWire(JobSpec, spec);
  return read.ok ? unknownFields(read.unknown) : [...read.problems, ...unknownFields(unknownOf(spec))];
}

const topLevel: ReadonlySet<string> = new Set(Object.keys(JobSpec.shape).map((field) => field.toLowerCase()));

/** The unknown fields of the top level, for a spec that cannot be parsed. */
const unknownOf = (spec: Readonly<Record<string, unknown>>): readonly string[] =>
  Object.keys(spec).filter((key) => !topLevel.has(key.toLowerCase()));

function unknownFields(paths: readonly string[]): readonly string[] {
  return paths.map((path) => {
    if (serverSet.includes(path.toLowerCase())) return `field: '${path}' in 'Job' is not allowed`;
    const [key = path, ...above] = path.split(".").reverse();
    return `unknown field: '${key}' in '${above.length === 0 ? "Job" : above.reverse().join(".")}'`;
  });
}
