import type { Registry } from "@shoal/core";
import type { Executor } from "../executors/executor.ts";
import type { Publisher } from "../publishers/publisher.ts";
import type { Source } from "../sources/source.ts";

/** The parts of a node, by kind. */
export interface Parts {
  readonly executors: Registry<Executor>;
  readonly sources: Registry<Source>;
  readonly publishers: Registry<Publisher>;
}
export type PartKind = keyof Parts;

/** Which parts of the node are available, as of the last check. */
export interface Availability {
  /** Why a part is unavailable, or undefined when it is available. An unknown part is reported as such. */
  problem(kind: PartKind, name: string): string | undefined;
  /** The available parts. */
  usable(kind: PartKind): readonly string[];
  /** Checks every part. */
  refresh(): Promise<void>;
}

const kinds = ["executors", "sources", "publishers"] as const;

export function createAvailability(parts: Parts): Availability {
  let problems = new Map<string, string>();
  const keyOf = (kind: PartKind, name: string) => `${kind}/${name.toLowerCase()}`;

  async function check(kind: PartKind): Promise<(readonly [string, string])[]> {
    const found = parts[kind].parts.map(async ({ name, unavailable }) => {
      // The interface promises never to throw; a part that does is not usable.
      const why = await unavailable().catch((failure: unknown) => `the availability check failed: ${String(failure)}`);
      return why === undefined ? [] : [[keyOf(kind, name), why] as const];
    });
    return (await Promise.all(found)).flat();
  }
  return {
    problem(kind, name) {
      const { has, names } = parts[kind];
      if (!has(name)) return `this node has no "${name}", only ${names.join(", ") || "none"}`;
      return problems.get(keyOf(kind, name));
    },
    usable: (kind) => parts[kind].names.filter((name) => !problems.has(keyOf(kind, name))),
    refresh: async () => {
      problems = new Map((await Promise.all(kinds.map(check))).flat());
    },
  };
}
