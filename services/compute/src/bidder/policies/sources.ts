import { no, type Verdict, yes } from "@shoal/core";
import { readParams, type SpecConfig, type Task } from "@shoal/proto";
import type { BidPolicy, Surroundings } from "./policy.ts";

/** Every input's source is here and can be used, its params can be read, and the source does not refuse it. */
export const sources = ({ parts, availability }: Surroundings): BidPolicy => ({
  name: "sources",
  judge: ({ task: { inputSources } }) =>
    inputSources.length === 0 ? yes() : judgeAll({ parts, availability }, inputSources),
});

async function judgeAll(
  { parts, availability }: Pick<Surroundings, "parts" | "availability">,
  inputs: Task["inputSources"],
): Promise<Verdict> {
  for (const { source, target } of inputs) {
    const problem = availability.problem("sources", source.type) ?? (await refusalOf(parts, source));
    if (problem !== undefined) return no(`${source.type} for ${target}: ${problem}`);
  }
  return yes();
}

async function refusalOf({ sources: known }: Surroundings["parts"], source: SpecConfig): Promise<string | undefined> {
  const part = known.get(source.type);
  const params = readParams(part.params, source.params);
  return params.ok ? part.refuses(params.value) : params.problems.join("; ");
}
