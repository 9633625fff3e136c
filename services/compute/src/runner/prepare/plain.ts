import type { Task } from "@shoal/proto";

// Lower case: on some disks names that differ in case only are one name.
const reserved: ReadonlySet<string> = new Set(["stdout", "stderr", "exitcode"]);
// As long as any common file system allows in one name.
const nameCharsMax = 200;
const plainName = /^[A-Za-z0-9_][A-Za-z0-9_. -]*$/;

/** Why a result's name cannot be a folder beside stdout, stderr and exitCode; undefined when it can. */
export function resultNameProblem(name: string): string | undefined {
  if (name.length > nameCharsMax)
    return `result name has ${name.length} characters, at most ${nameCharsMax} are allowed`;
  if (reserved.has(name.toLowerCase())) return `result name "${name}" is taken by the task's own output`;
  if (plainName.test(name)) return undefined;
  return `result name ${JSON.stringify(name)} may hold letters, digits, _ . - and spaces only, and begins with a letter or digit`;
}

/** Why a path inside the task cannot be mounted; undefined when it can. */
export function targetProblem(path: string): string | undefined {
  if (!path.startsWith("/")) return `path ${JSON.stringify(path)} is not absolute`;
  const steps = path.split("/").filter((step) => step !== "");
  if (steps.length === 0) return `path ${JSON.stringify(path)} is the root, which stays the engine's`;
  return steps.some((step) => step === "." || step === "..")
    ? `path ${JSON.stringify(path)} has a . or .. in it`
    : undefined;
}

/** The names and paths of a task that this node makes. */
export interface TaskPlaces {
  readonly inputSources: readonly { readonly target: string }[];
  readonly resultPaths: Task["resultPaths"];
}

/** The first of a task's names and paths that this node does not take, as a sentence. */
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
