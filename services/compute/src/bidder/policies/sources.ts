import { no, type Verdict, yes } from "@shoal/core";
import { type RequiredPart, type Requirements, readParams } from "@shoal/proto";
import type { BidContext, BidPolicy } from "./policy.ts";

/**
 * Every input's source exists on this node and is available, its params are valid, and the source does not refuse the
 * input.
 */
export const sources = ({ parts, availability }: BidContext): BidPolicy => ({
  name: "sources",
  evaluate: ({ requirements: { sources: required } }) =>
    required.length === 0 ? yes() : evaluateAll({ parts, availability }, required),
});

async function evaluateAll(
  { parts, availability }: Pick<BidContext, "parts" | "availability">,
  required: Requirements["sources"],
): Promise<Verdict> {
  for (const source of required) {
    const problem = availability.problem("sources", source.type) ?? (await refusalOf(parts, source));
    if (problem !== undefined) return no(`${source.type} for ${source.target}: ${problem}`);
  }
  return yes();
}

async function refusalOf({ sources: known }: BidContext["parts"], source: RequiredPart): Promise<string | undefined> {
  const part = known.get(source.type);
  if (source.params === undefined) return undefined;
  const params = readParams(part.params, source.params);
  return params.ok ? part.refuses(params.value) : params.problems.join("; ");
}
