import { type JobSpec, type Requirements, requirementsBytesMax, type SpecConfig } from "@shoal/proto";
import { resourcesOf } from "./candidate.ts";

// Prefix of an environment value that the node reads from its own environment.
const hostPrefix = "env:";

/** The host variable that an environment value refers to; undefined for a literal value. */
export const hostVariableOf = (value: string): string | undefined =>
  value.startsWith(hostPrefix) ? value.slice(hostPrefix.length) : undefined;

// A spec never changes; a job computes its requirements after each of its changes.
const requirementsBySpec = new WeakMap<JobSpec, Requirements>();

/** What a job of this spec requires of a node; undefined when it has no task. */
export function requirementsOf(spec: JobSpec): Requirements | undefined {
  const before = requirementsBySpec.get(spec);
  if (before !== undefined) return before;
  const [task] = spec.tasks;
  if (task === undefined) return undefined;
  const requirements: Requirements = {
    engine: partOf(task.engine),
    publisher: partOf(task.publisher),
    sources: task.inputSources.map(({ source, target }) => ({ ...partOf(source), target })),
    resultPaths: task.resultPaths,
    hostVariables: [...new Set(Object.values(task.env).flatMap((value) => hostVariableOf(value) ?? []))].toSorted(),
    network: networkOf(task.network),
    constraints: spec.constraints,
    resources: resourcesOf(task.resources),
  };
  requirementsBySpec.set(spec, requirements);
  return requirements;
}

function networkOf({ type, ports }: JobSpec["tasks"][number]["network"]): Requirements["network"] {
  const staticPorts = ports.map((port) => port.static).filter((port) => port !== 0);
  return { type, hasPorts: ports.length > 0, ...(staticPorts.length === 0 ? {} : { staticPorts }) };
}

const partOf = ({ type, params }: SpecConfig) => ({ type, params });

// MessagePack is larger than JSON only for numbers, of which requirements have few: an eighth is reserved for them.
const budgetBytes = requirementsBytesMax - requirementsBytesMax / 8;
// One part's params: enough for paths, names and addresses, not for inline data.
const paramsBytesMax = 1_024;

// Requirements never change; a waiting job sends the same ones in every ask.
const asked = new WeakMap<Requirements, Requirements>();

const encoder = new TextEncoder();
const bytesOf = (value: unknown): number => encoder.encode(JSON.stringify(value)).length;

/**
 * Requirements for an ask: below `requirementsBytesMax`. Params of more than a kilobyte are left out, then what exceeds the
 * budget, the rarest requirement first. The requester's filters have checked the constraints; the node that runs the task checks the rest.
 */
export function askedOf(requirements: Requirements): Requirements {
  const known = asked.get(requirements) ?? bound(requirements);
  asked.set(requirements, known);
  return known;
}

function bound(requirements: Requirements): Requirements {
  // The usual case: a small whole has no large part.
  if (bytesOf(requirements) <= paramsBytesMax) return requirements;
  let left = budgetBytes;
  const within = <T>(value: T, otherwise: T): T => {
    const bytes = bytesOf(value);
    if (bytes > left) return otherwise;
    left -= bytes;
    return value;
  };
  const bounded = <P extends Requirements["engine"]>({ params, ...rest }: P) =>
    params === undefined || bytesOf(params) > paramsBytesMax ? rest : within({ ...rest, params }, rest);
  const { engine, publisher, network, resources } = requirements;
  left -= bytesOf({ engine: engine.type.slice(0, paramsBytesMax), publisher: publisher.type.slice(0, paramsBytesMax) });
  left -= bytesOf({ network, resources });
  return {
    engine: { ...bounded(engine), type: engine.type.slice(0, paramsBytesMax) },
    publisher: { ...bounded(publisher), type: publisher.type.slice(0, paramsBytesMax) },
    network,
    resources,
    hostVariables: within(requirements.hostVariables, []),
    constraints: within(requirements.constraints, []),
    sources: requirements.sources.flatMap((source) => {
      const each = bounded(source);
      // Its size is counted with its params already.
      return "params" in each ? [each] : within<(typeof each)[]>([each], []);
    }),
    resultPaths: requirements.resultPaths.flatMap((path) => within([path], [])),
  };
}
