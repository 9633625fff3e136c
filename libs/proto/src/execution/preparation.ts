import { z } from "zod";

/** The most inputs of one report; more are not shown. With all texts at their limits they are a third of a report. */
export const preparedInputsMax = 32;

const PreparedInput = z.object({
  target: z.string().max(256).describe("where the task sees it"),
  source: z.string().max(64).describe("the type of its source"),
  state: z.enum(["fetching", "ready"]).describe("whether it is complete on the node"),
  sizeBytes: z.number().min(0).describe("its size, once it is complete"),
  isCached: z.boolean().describe("whether its content was on the node before"),
  tries: z.int().min(1).describe("the number of tries so far"),
  why: z.string().max(256).optional().describe("why the last try failed"),
});
/** The state of one input on its node. */
export type PreparedInput = z.infer<typeof PreparedInput>;

/** What a node does before a task runs: it fetches inputs, then the executor prepares the environment (pulls an image). */
export const Preparation = z.object({
  stage: z.enum(["inputs", "environment"]).describe("what the node does now, or has done last"),
  inputs: z.array(PreparedInput).max(preparedInputsMax).describe("the inputs that come from elsewhere"),
});
export type Preparation = z.infer<typeof Preparation>;

// A sentence with more is not read; the event has all of them.
const shownMax = 5;

/** A sentence on what a node prepares: which inputs it fetches or has, from where, in how many tries. */
export function preparationText({ stage, inputs }: Preparation): string {
  if (stage === "environment") return "Preparing the environment";
  const ready = inputs.filter(({ state }) => state === "ready").length;
  const more = inputs.length > shownMax ? `; and ${inputs.length - shownMax} more` : "";
  const listed = `${inputs.slice(0, shownMax).map(inputText).join("; ")}${more}`;
  const head = ready === inputs.length ? "Inputs ready" : `Downloading inputs, ${ready} of ${inputs.length} ready`;
  return `${head}: ${listed}`;
}

/** The entry of the history, under Bacalhau's topics. */
export const preparationEntry = (preparation: Preparation) => ({
  topic: preparation.stage === "inputs" ? "Downloading Inputs" : "Preparing Environment",
  message: preparationText(preparation),
});

function inputText({ target, source, state, sizeBytes, isCached, tries, why }: PreparedInput): string {
  const from = isCached ? "from the node's cache" : `from ${source}`;
  const attempt = tries === 1 ? "" : `, try ${tries}`;
  const after = why === undefined || state === "ready" ? "" : ` after: ${why}`;
  return `${target} ${from}${state === "ready" ? `, ${sizeBytes} bytes` : ""}${attempt}${after}`;
}
