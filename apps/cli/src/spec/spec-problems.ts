import { fromWire, JobSpec } from "@shoal/proto";

// What the server sets; the field's own command line refuses these in a file by name.
const serverSet: readonly string[] = ["id", "state", "version", "revision", "createtime", "modifytime"];

/** What is wrong with a job spec, sentence by sentence: unknown fields anywhere, wrong types, broken rules. Empty when it is good. */
export function specProblems(spec: Readonly<Record<string, unknown>>): readonly string[] {
  const read = fromWire(JobSpec, spec);
  return read.ok ? unknownFields(read.unknown) : [...read.problems, ...unknownFields(unknownOf(spec))];
}

const topLevel: ReadonlySet<string> = new Set(Object.keys(JobSpec.shape).map((field) => field.toLowerCase()));

/** When the rest cannot be read, at least the top level can be looked over. */
const unknownOf = (spec: Readonly<Record<string, unknown>>): readonly string[] =>
  Object.keys(spec).filter((key) => !topLevel.has(key.toLowerCase()));

function unknownFields(paths: readonly string[]): readonly string[] {
  return paths.map((path) => {
    if (serverSet.includes(path.toLowerCase())) return `field: '${path}' in 'Job' is not allowed`;
    const [key = path, ...above] = path.split(".").reverse();
    return `unknown field: '${key}' in '${above.length === 0 ? "Job" : above.reverse().join(".")}'`;
  });
}
