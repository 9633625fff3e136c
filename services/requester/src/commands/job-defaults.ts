import { type JobSpec, standingTypes, type Task } from "@shoal/proto";

/** Defaults of the jobs of one type; an empty text and 0 set none. */
export interface TypeDefaults {
  readonly priority: number;
  readonly cpu: string;
  readonly memory: string;
  readonly disk: string;
  readonly gpu: string;
  /** The type of the publisher. */
  readonly publisher: string;
  /** Its params: `key=value`. */
  readonly publisherParams: readonly string[];
  /** In seconds, as in a spec. */
  readonly executionTimeout: number;
  readonly queueTimeout: number;
  readonly totalTimeout: number;
}

/** Defaults of jobs that do not set the field. */
export interface JobDefaults extends Partial<Readonly<Record<JobSpec["type"], TypeDefaults>>> {
  /** Of jobs that end, unless their type has another one; 0 sets none. */
  readonly executionTimeoutMs: number;
}

const noDefaults: JobDefaults = { executionTimeoutMs: 0 };

const nothing: TypeDefaults = {
  ...{ priority: 0, cpu: "", memory: "", disk: "", gpu: "", publisher: "", publisherParams: [] },
  ...{ executionTimeout: 0, queueTimeout: 0, totalTimeout: 0 },
};

/**
 * The spec with the defaults of this cluster, as it is written to the log, so that every reader of the job sees them.
 * Jobs that run until they are stopped (service, daemon) get no timeouts unless their type has some.
 */
export function withDefaults(given: JobSpec, defaults: JobDefaults = noDefaults): JobSpec {
  // They run on nodes, not on a number of them: Bacalhau shows 0 too.
  const spec = given.type === "ops" || given.type === "daemon" ? { ...given, count: 0 } : given;
  const own = defaults[spec.type] ?? nothing;
  const needsNone = standingTypes.includes(spec.type) || own.totalTimeout > 0;
  const seconds = needsNone ? 0 : Math.ceil(defaults.executionTimeoutMs / 1000);
  const executionTimeout = own.executionTimeout || seconds;
  const tasks = spec.tasks.map((task) => taskWith(task, { ...own, executionTimeout }));
  return { ...spec, priority: spec.priority || own.priority, tasks };
}

function taskWith(task: Task, own: TypeDefaults): Task {
  const { resources, publisher } = task;
  const { cpu, memory, disk, gpu } = resources;
  return {
    ...task,
    resources: {
      ...{ cpu: cpu || own.cpu, memory: memory || own.memory },
      ...{ disk: disk || own.disk, gpu: gpu || own.gpu },
    },
    publisher:
      publisher.type !== "" || own.publisher === ""
        ? publisher
        : { type: own.publisher, params: Object.fromEntries(own.publisherParams.map(pairOf)) },
    timeouts: timeoutsWith(task.timeouts, own),
  };
}

const pairOf = (text: string): readonly [string, string] => {
  const at = text.indexOf("=");
  return [text.slice(0, at), text.slice(at + 1)];
};

/** A total timeout limits the others: a default that would exceed it is left out, and a job that has one needs no other. */
function timeoutsWith(given: Task["timeouts"], own: TypeDefaults): Task["timeouts"] {
  const { executionTimeout, queueTimeout, totalTimeout } = given;
  const queue = queueTimeout || own.queueTimeout;
  if (totalTimeout > 0)
    return { ...given, queueTimeout: executionTimeout + queue <= totalTimeout ? queue : queueTimeout };
  const execution = executionTimeout || own.executionTimeout;
  const fits = own.totalTimeout === 0 || execution + queue <= own.totalTimeout;
  return { executionTimeout: execution, queueTimeout: queue, totalTimeout: fits ? own.totalTimeout : 0 };
}
