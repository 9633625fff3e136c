import type { Task } from "@shoal/proto";

// Lower case, because some file systems ignore case.
const reserved: ReadonlySet<string> = new Set(["stdout", "stderr", "exitcode"]);
// The limit of a name in common file systems.
const nameCharsMax = 200;
const plainName = /^[A-Za-z0-9_][A-Za-z0-9_. -]*$/;

/** Why a result's name cannot be a folder beside stdout, stderr and exitCode; undefined when it can. */
export function resultNameProblem(name: string): string | undefined {
  if (name.length > nameCharsMax)
    return `result name has ${name.length} characters, at most ${nameCharsMax} are allowed`;
  if (reserved.has(name.toLowerCase())) return `result name "${name}" is reserved for the task's output`;
  if (plainName.test(name)) return undefined;
  return `result name ${JSON.stringify(name)} may contain only letters, digits, _ . - and spaces, and must begin with a letter or digit`;
}

/** Why a path inside the task cannot be mounted; undefined when it can. */
export function targetProblem(path: string): string | undefined {
  if (!path.startsWith("/")) return `path ${JSON.stringify(path)} is not absolute`;
  const steps = path.split("/").filter((step) => step !== "");
  if (steps.length === 0) return `path ${JSON.stringify(path)} is the root, which belongs to the engine`;
  return steps.some((step) => step === "." || step === "..")
    ? `path ${JSON.stringify(path)} contains . or ..`
    : undefined;
}

/** The names and paths of a task that this node creates. */
export interface TaskPlaces {
  readonly inputSources: readonly { readonly target: string }[];
  readonly resultPaths: Task["resultPaths"];
}

/** The first invalid name or path of a task, as a sentence. */
export function placesProblem({ inputSources, resultPaths }: TaskPlaces): string | undefined {
  const problems = [
    ...inputSources.map(({ target }) => targetProblem(target)),
    ...resultPaths.map(({ path }) => targetProblem(path)),
    ...resultPaths.map(({ name }) => resultNameProblem(name)),
  ];
  const lower = resultPaths.map(({ name }) => name.toLowerCase());
  const twice = lower.find((name, index) => lower.indexOf(name) !== index);
  return (
    problems.find((problem) => problem !== undefined) ??
    (twice === undefined ? undefined : `two results are named "${twice}"`)
  );
}
