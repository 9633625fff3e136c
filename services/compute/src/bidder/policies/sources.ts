import { no, type Verdict, yes } from "@shoal/core";
import { type RequiredPart, type Requirements, readParams } from "@shoal/proto";
import type { BidPolicy, Surroundings } from "./policy.ts";

/** Every input's source is here and can be used, its params can be read, and the source does not refuse it. */
export const sources = ({ parts, availability }: Surroundings): BidPolicy => ({
  name: "sources",
  judge: ({ requirements: { sources: required } }) =>
    required.length === 0 ? yes() : judgeAll({ parts, availability }, required),
});

async function judgeAll(
  { parts, availability }: Pick<Surroundings, "parts" | "availability">,
  required: Requirements["sources"],
): Promise<Verdict> {
  for (const source of required) {
    const problem = availability.problem("sources", source.type) ?? (await refusalOf(parts, source));
    if (problem !== undefined) return no(`${source.type} for ${source.target}: ${problem}`);
  }
  return yes();
}

async function refusalOf({ sources: known }: Surroundings["parts"], source: RequiredPart): Promise<string | undefined> {
  const part = known.get(source.type);
  if (source.params === undefined) return undefined;
  const params = readParams(part.params, source.params);
  return params.ok ? part.refuses(params.value) : params.problems.join("; ");
}
