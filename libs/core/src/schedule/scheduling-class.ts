import type { NodeInfo, Requirements, Resources } from "@shoal/proto";
import { evaluateAll } from "../policy.ts";
import { isPreference } from "./constraints.ts";
import { EligibleNodes } from "./eligible-nodes.ts";
import { filters } from "./filters/index.ts";
import { scheduleLimits } from "./schedule.ts";

/** The key of a job's scheduling class: equal keys, equal class. Undefined when it is too long. */
export function classKeyOf(requirements: Requirements): string | undefined {
  const { engine, publisher, sources, network, constraints, hostVariables, resources } = requirements;
  const key = JSON.stringify([
    engine.type.toLowerCase(),
    publisher.type.toLowerCase(),
    [...new Set(sources.map(({ type }) => type.toLowerCase()))].toSorted(),
    network,
    constraints
      .filter((each) => !isPreference(each))
      .map(({ key, operator, values }) => JSON.stringify([key, operator, values]))
      .toSorted(),
    hostVariables,
    Object.values(sizeClassOf(resources)),
  ]);
  return key.length > scheduleLimits.classKeyChars ? undefined : key;
}

const roundedUp = (amount: number): number => (amount > 0 ? 2 ** Math.ceil(Math.log2(amount)) : 0);

/** Sizes rounded up to powers of two, so that jobs of nearly the same size share a class. */
function sizeClassOf({ cpuCores, memoryBytes, diskBytes, gpus }: Resources): Resources {
  return {
    cpuCores: roundedUp(cpuCores),
    memoryBytes: roundedUp(memoryBytes),
    diskBytes: roundedUp(diskBytes),
    gpus: roundedUp(gpus),
  };
}

/** The least that every job of a size class needs: a node without that much fits none of them. */
function leastOf({ cpuCores, memoryBytes, diskBytes, gpus }: Resources): Resources {
  return { cpuCores: cpuCores / 2, memoryBytes: memoryBytes / 2, diskBytes: diskBytes / 2, gpus: gpus / 2 };
}

/** The nodes that fit one scheduling class by what they advertise, computed once for each revision of a node. */
export class SchedulingClass {
  readonly #requirements: Requirements;
  readonly eligible = new EligibleNodes();
  /** Some of the nodes that do not fit, to explain a refusal. */
  readonly refused = new Set<string>();

  /** Creates a class from any of its jobs. */
  constructor(requirements: Requirements, nodes: Iterable<NodeInfo>) {
    this.#requirements = { ...requirements, resources: leastOf(sizeClassOf(requirements.resources)) };
    for (const info of nodes) this.put(info);
  }

  /** Adds a node, or a changed one. */
  put(info: NodeInfo): void {
    const verdict = evaluateAll(filters, { requirements: this.#requirements, info });
    this.remove(info.nodeId);
    if (verdict.fit) this.eligible.add(info.nodeId);
    else if (this.refused.size < scheduleLimits.explained) this.refused.add(info.nodeId);
  }

  remove(nodeId: string): void {
    this.eligible.delete(nodeId);
    this.refused.delete(nodeId);
  }
}

/** Whether two revisions of a node advertise the same, apart from the load: the same classes fit it. */
export function advertisesSame(a: NodeInfo, b: NodeInfo): boolean {
  return (
    a.protocol === b.protocol &&
    sameList(a.engines, b.engines) &&
    sameList(a.publishers, b.publishers) &&
    sameList(a.sources, b.sources) &&
    sameMap(a.labels, b.labels) &&
    sameSize(a.perTask, b.perTask) &&
    sameSize(a.capacity, b.capacity)
  );
}

const sameList = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((each, index) => each === b[index]);

function sameMap(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && a[key] === b[key]);
}

const sameSize = (a: Resources, b: Resources): boolean =>
  a.cpuCores === b.cpuCores && a.memoryBytes === b.memoryBytes && a.diskBytes === b.diskBytes && a.gpus === b.gpus;
