import { z } from "zod";
import { tokenProblem } from "../ids.ts";
import { type Parsed, parseBytes, parseCpu, parseGpu } from "../quantities.ts";
import { isSecretReference, secretReferenceOf } from "../secret/secret-reference.ts";
import { onWire } from "../wire/meta.ts";
import { Constraint } from "./constraint.ts";
import { Network } from "./network.ts";
import { RetryPolicy } from "./retry-policy.ts";
import { Labels, short, specLimits, text, texts } from "./texts.ts";
import { UpdateStrategy } from "./update-strategy.ts";

/** What names and configures an engine, a publisher or a source. */
export const SpecConfig = z.object({
  type: z
    .string("missing spec type")
    .min(1, "missing spec type")
    .describe("which engine, source or publisher, in any case"),
  params: z.record(z.string(), z.unknown()).default({}).describe("its params: see its reference page"),
});
export type SpecConfig = z.infer<typeof SpecConfig>;

const quantity = (parse: (text: string) => Parsed) =>
  z
    .union([z.string(), z.number().transform(String)])
    .default("")
    .superRefine((value, issues) => {
      const parsed = value === "" ? undefined : parse(value);
      if (parsed?.ok === false) issues.addIssue({ code: "custom", message: `invalid resources: ${parsed.why}` });
    });

/** What a task requests, as written; empty means the default of its job type. */
export const ResourcesSpec = z.object({
  cpu: onWire(quantity(parseCpu).describe("cores, as `500m`, `0.5` or `2`; half a core when empty"), { name: "CPU" }),
  memory: quantity(parseBytes).describe("bytes, as `512Mb` or `1GiB`; 512 MB when empty"),
  disk: quantity(parseBytes).describe(
    "bytes, as `10GB`, for inputs and for what the task writes; the defaults of the node and the engine when empty",
  ),
  gpu: onWire(quantity(parseGpu).describe("a number of GPUs; none when empty"), { name: "GPU" }),
});
export type ResourcesSpec = z.infer<typeof ResourcesSpec>;

const seconds = z
  .int("expected whole seconds")
  .min(0, "expected 0 or more seconds")
  .max(31_536_000 * 10, "expected at most ten years")
  .default(0);

/** In seconds; 0 means none. */
export const Timeouts = z
  .object({
    executionTimeout: seconds.describe(
      "seconds that one execution may run; then it fails. 0: no limit, or the cluster's default",
    ),
    queueTimeout: seconds.describe(
      "seconds from the submission within which the first execution must have a node; else the job fails",
    ),
    totalTimeout: seconds.describe("seconds from the submission after which the job fails, in any state"),
  })
  .superRefine(({ executionTimeout, queueTimeout, totalTimeout }, issues) => {
    if (totalTimeout > 0 && executionTimeout + queueTimeout > totalTimeout) {
      issues.addIssue({
        code: "custom",
        message: `invalid timeouts: execution timeout ${executionTimeout}s + queue timeout ${queueTimeout}s is more than total timeout ${totalTimeout}s`,
      });
    }
  });

const EnvValue = text.min(1, "an environment value is not empty").refine(
  (value) => !isSecretReference(value) || secretReferenceOf(value) !== undefined,
  // Without the value: it may be a secret itself.
  "a value that begins with secret: names a secret, as secret:NAME or secret:NAME@VERSION",
);
const envName = /^[A-Z][A-Z0-9_]*$/;
const Env = texts(EnvValue).superRefine((env, issues) => {
  for (const name of Object.keys(env)) {
    const problem = !envName.test(name)
      ? "expected upper-case letters, digits and _, beginning with a letter"
      : /^(BACALHAU|SHOAL)_/.test(name) && "names that begin with BACALHAU_ or SHOAL_ are set by the node";
    if (problem)
      issues.addIssue({ code: "custom", path: [name], message: `invalid environment variable ${name}: ${problem}` });
  }
});

const absolute = short.refine((path) => path.startsWith("/"), "expected an absolute path");

/**
 * A path of the task that may be relative, as Bacalhau's `wasm run` sends it: it begins at the task's root. One that
 * would leave the root by `..` is refused.
 */
const fromRoot = short
  .min(1, "missing input target")
  .refine(
    (path) => path.startsWith("/") || !path.split("/").includes(".."),
    "expected a path below the task's root, without ..",
  )
  .overwrite((path) => (path.startsWith("/") ? path : `/${path.replace(/^(\.\/+)+/, "")}`));

/** What a source fetches, and where the task sees it. */
export const InputSource = z.object({
  source: SpecConfig.describe("the source that fetches it"),
  alias: onWire(short.default("").describe("a name for people; unique in the task"), { omitEmpty: true }),
  target: fromRoot.describe("the path at which the task sees it, below the task's root; unique in the task"),
});
/** What a publisher publishes: a folder of the task, and its name in the results. */
const ResultPath = z.object({
  name: short.min(1, "missing result path name").describe("the folder in the results; unique in the task"),
  path: absolute.describe("an absolute path of the task: a folder that the task writes to; unique in the task"),
});

/** Every value of `of` occurs once. */
const distinct =
  <T>(what: string, of: (item: T) => string) =>
  (items: readonly T[], issues: z.RefinementCtx) => {
    const seen = new Set<string>();
    for (const [index, item] of items.entries()) {
      const value = of(item);
      if (value !== "" && seen.has(value))
        issues.addIssue({ code: "custom", path: [index], message: `duplicate ${what} "${value}"` });
      seen.add(value);
    }
  };

/** A publisher is optional; an empty one means none. */
const Publisher = z
  .object({
    type: z.string().default("").describe("which publisher, in any case; empty publishes nothing"),
    params: z.record(z.string(), z.unknown()).default({}).describe("its params: see its reference page"),
  })
  .prefault({});

/** How long a task may be without contact. In seconds; 0 means as without it. */
const DisconnectPolicy = z.object({
  lostAfter: seconds.describe(
    "seconds that an execution waits for its disconnected node before it is lost and replaced; 0: it is lost at once",
  ),
  stopAfter: seconds.describe(
    "seconds without an answer of any requester after which the node stops an execution by itself; 0: never",
  ),
});

export const Task = z
  .object({
    name: short.min(1, "missing task name").default("main").describe("the task's name"),
    engine: SpecConfig.describe("the engine that runs the task"),
    publisher: Publisher.describe("the publisher that stores the results: output, exit code and result paths"),
    env: Env.default({}).describe(
      "environment variables: name to value; `env:NAME` is a variable of the node that its operator allows, `secret:NAME` or `secret:NAME@VERSION` a secret of the job's namespace",
    ),
    meta: texts().default({}).describe("texts for programs; Shoal stores them and does not use them"),
    inputSources: z
      .array(InputSource)
      .max(specLimits.entries)
      .superRefine(distinct("input target", (input) => input.target))
      .superRefine(distinct("input alias", (input) => input.alias))
      .default([])
      .describe("what is fetched before the task starts"),
    resultPaths: z
      .array(ResultPath)
      .max(specLimits.entries)
      .superRefine(distinct("result name", (result) => result.name))
      .superRefine(distinct("result path", (result) => result.path))
      .default([])
      .describe("folders of the task that are published; they need a publisher"),
    resources: ResourcesSpec.prefault({}).describe("what the task requests, and its limits"),
    network: Network.prefault({}).describe("the network of the task"),
    timeouts: Timeouts.prefault({}).describe("time limits in seconds; 0 means none"),
    // Absent unless a spec has it: Bacalhau's clients send back what they receive, and do not know it.
    retryPolicy: RetryPolicy.optional().describe("how a failed attempt is retried; the job type's way when left out"),
    disconnect: DisconnectPolicy.optional().describe(
      "what happens while the node is cut off; when left out, executions are lost at once, and the node continues them",
    ),
    failOnNonZeroExit: z
      .boolean()
      .optional()
      .describe("an exit code other than 0 is a failure, which is retried; otherwise the execution has completed"),
  })
  .superRefine(({ resultPaths, publisher }, issues) => {
    if (resultPaths.length > 0 && publisher.type === "") {
      issues.addIssue({
        code: "custom",
        path: ["publisher"],
        message: "publisher must be set if result paths are set",
      });
    }
  });
export type Task = z.infer<typeof Task>;

/** Every job type that a spec may name. */
export const jobTypes = ["batch", "ops", "service", "daemon"] as const;

/** Job types that run until they are stopped. */
export const standingTypes: readonly string[] = ["service", "daemon"] satisfies readonly (typeof jobTypes)[number][];

/** What a user asks for. */
export const JobSpec = z
  .object({
    name: short
      .default("")
      .describe(
        "the job's name, unique in its namespace: the job's id is derived from it; empty gives the job a random id",
      ),
    namespace: z
      .string()
      .default("")
      .transform((name) => (name === "" ? "default" : name))
      .superRefine((name, issues) => {
        const problem = tokenProblem(name);
        if (problem !== undefined)
          issues.addIssue({ code: "custom", message: `invalid namespace "${name}": ${problem}` });
      })
      .describe("the namespace; `default` when empty"),
    type: z
      .string("missing job type")
      .transform((type) => type.toLowerCase())
      .pipe(z.enum(jobTypes, `invalid job type: expected one of ${jobTypes.join(" ")}`))
      .describe(`one of ${jobTypes.join(", ")}, in any case; a requester refuses a type that it does not support`),
    priority: z.int().default(0).describe("jobs of higher priority get nodes first"),
    count: z
      .int("job count must be a whole number")
      .min(0, "job count must be >= 0")
      .max(specLimits.count, `expected at most ${specLimits.count} partitions`)
      .default(1)
      .describe("the number of partitions; each runs once, and reads its index and the count from its environment"),
    constraints: z
      .array(Constraint)
      .max(specLimits.entries)
      .default([])
      .describe("conditions on the labels of the nodes that may run the job"),
    meta: texts().default({}).describe("texts for programs; Shoal stores them and does not use them"),
    labels: Labels.default({}).describe("texts for people and for the label selectors of lists"),
    tasks: z
      .array(Task, "missing job tasks")
      .min(1, "missing job tasks")
      .max(specLimits.tasks, "only one task is supported per job")
      .describe("what each partition runs"),
    update: UpdateStrategy.optional().describe(
      "how a new version of a service or daemon job replaces the executions of the one before it",
    ),
  })
  .superRefine(({ type, update, count }, issues) => {
    if (update !== undefined && !standingTypes.includes(type))
      issues.addIssue({
        code: "custom",
        path: ["update"],
        message: `an update strategy is for ${standingTypes.join(" and ")} jobs: a ${type} job replaces all executions at once`,
      });
    if ((type === "ops" || type === "daemon") && count > 1)
      issues.addIssue({
        code: "custom",
        path: ["count"],
        message: `${type} jobs cannot specify count > 1 as they run on all matching nodes`,
      });
  });
export type JobSpec = z.infer<typeof JobSpec>;
