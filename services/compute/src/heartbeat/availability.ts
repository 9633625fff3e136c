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

/** What of the node's parts can be used now, as it was when somebody last looked. */
export interface Availability {
  /** Why a part cannot be used, or undefined when it can. A part that is not there says so. */
  problem(kind: PartKind, name: string): string | undefined;
  /** Those that can be used. */
  usable(kind: PartKind): readonly string[];
  /** Looks again at every part. */
  refresh(): Promise<void>;
}

const kinds = ["executors", "sources", "publishers"] as const;

export function createAvailability(parts: Parts): Availability {
  let problems = new Map<string, string>();
  const keyOf = (kind: PartKind, name: string) => `${kind}/${name.toLowerCase()}`;

  async function look(kind: PartKind): Promise<(readonly [string, string])[]> {
    const found = parts[kind].parts.map(async ({ name, unavailable }) => {
      // "Never throws" is a promise of the socket; a part that breaks it is not one to use.
      const why = await unavailable().catch((failure: unknown) => `it cannot tell: ${String(failure)}`);
      return why === undefined ? [] : [[keyOf(kind, name), why] as const];
    });
    return (await Promise.all(found)).flat();
  }
  return {
    problem(kind, name) {
      const { has, names } = parts[kind];
      if (!has(name)) return `there is none named "${name}" here, only ${names.join(", ") || "none at all"}`;
      return problems.get(keyOf(kind, name));
    },
    usable: (kind) => parts[kind].names.filter((name) => !problems.has(keyOf(kind, name))),
    refresh: async () => {
      problems = new Map((await Promise.all(kinds.map(look))).flat());
    },
  };
}
