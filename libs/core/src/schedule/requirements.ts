import { type JobSpec, type Requirements, requirementsBytesMax, type SpecConfig } from "@shoal/proto";
import { resourcesOf } from "./candidate.ts";

// A value of an environment that begins like this is read from the node's own environment.
const hostPrefix = "env:";

/** The host variable that a value of an environment stands for, or undefined when it stands for itself. */
export const hostVariableOf = (value: string): string | undefined =>
  value.startsWith(hostPrefix) ? value.slice(hostPrefix.length) : undefined;

// A spec never changes; a job asks for its requirements after each of its changes.
const requirementsBySpec = new WeakMap<JobSpec, Requirements>();

/** What a job of this spec needs of a node; undefined when it has no task. */
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
    network: { type: task.network.type, hasPorts: task.network.ports.length > 0 },
    constraints: spec.constraints,
    resources: resourcesOf(task.resources),
  };
  requirementsBySpec.set(spec, requirements);
  return requirements;
}

const partOf = ({ type, params }: SpecConfig) => ({ type, params });

// MessagePack takes more than JSON only for numbers, of which there are few: an eighth is kept free for them.
const budgetBytes = requirementsBytesMax - requirementsBytesMax / 8;
// One part's params: more than paths, names and addresses need, less than data that is written inline.
const paramsBytesMax = 1_024;

// Requirements never change; a job that waits asks with the same ones again and again.
const asked = new WeakMap<Requirements, Requirements>();

const encoder = new TextEncoder();
const bytesOf = (value: unknown): number => encoder.encode(JSON.stringify(value)).length;

/**
 * Requirements as an ask carries them: below `requirementsBytesMax`. Left out are params of more than a kilobyte, then whatever else has
 * no room, the rarest need first. The requester's filters have judged the constraints; a node that runs the task judges the rest.
 */
export function askedOf(requirements: Requirements): Requirements {
  const known = asked.get(requirements) ?? bound(requirements);
  asked.set(requirements, known);
  return known;
}

function bound(requirements: Requirements): Requirements {
  // Nearly all: what is small as a whole has no part that is too large.
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
      // With its params it is counted already.
      return "params" in each ? [each] : within<(typeof each)[]>([each], []);
    }),
    resultPaths: requirements.resultPaths.flatMap((path) => within([path], [])),
  };
}
