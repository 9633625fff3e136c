import type { Answer, RefusalGroup } from "@shoal/proto";

/** One node that does not run a slot, and why. */
export interface NodeRefusal {
  readonly nodeId: string;
  readonly name: string;
  readonly why: string;
}

// Enough to look at one of them; a cluster has thousands.
const examplesMax = 3;

/** Refusals that have no policy's name in front. */
const unnamed: readonly (readonly [start: string, name: string])[] = [
  ["asked, but", "silent"],
  ["no answer", "silent"],
  ["refused this job earlier", "refused earlier"],
  ["its room is left to", "priority"],
  ["takes no new work", "excluded"],
];

/** The name and the sentence of a recorded refusal: a policy writes its name in front. */
export function refusalOf({ nodeId, why = "no answer" }: Answer): NodeRefusal {
  const [, name = "", sentence = ""] = /^([a-zA-Z][\w -]{0,30}): (.*)$/s.exec(why) ?? [];
  if (name !== "") return { nodeId, name, why: sentence };
  return { nodeId, name: unnamed.find(([start]) => why.startsWith(start))?.[1] ?? "other", why };
}

/** Groups refusals by name, the largest group first. */
export function grouped(refusals: readonly NodeRefusal[]): readonly RefusalGroup[] {
  return [...Map.groupBy(refusals, ({ name }) => name)]
    .map(([name, group]) => ({
      name,
      why: group[0]?.why ?? "",
      nodes: group.length,
      examples: group.slice(0, examplesMax).map(({ nodeId }) => nodeId),
    }))
    .toSorted((a, b) => b.nodes - a.nodes || (a.name < b.name ? -1 : 1));
}
