import { type JobExplanation, type RefusalGroup, shortId } from "@shoal/proto";
import { counted } from "./counted.ts";
import { oneLine } from "./safe-text.ts";

/** An explanation of a job as text, line by line. */
export function explanationLines({
  jobId,
  version,
  state,
  why,
  cause,
  slots,
  moreSlots,
  waiting,
}: JobExplanation): readonly string[] {
  return [
    `Job ${shortId(jobId)}, version ${version}: ${state}: ${oneLine(why)}`,
    ...(cause === undefined ? [] : causeLines(cause)),
    ...(waiting === undefined ? [] : waitLines(waiting)),
    ...slots.flatMap(slotLines),
    ...(moreSlots === 0 ? [] : [`${moreSlots} more slots are not shown`]),
  ];
}

function causeLines({ code, why, hint, nodeId }: NonNullable<JobExplanation["cause"]>): readonly string[] {
  const where = nodeId === undefined ? "" : ` on ${shortId(nodeId)}`;
  return [`First cause${where}: ${oneLine(why)} (${code})`, ...(hint === "" ? [] : [`Hint: ${hint}`])];
}

function waitLines({ slots, reasons, refusals, present, unblock }: NonNullable<JobExplanation["waiting"]>): string[] {
  return [
    `${slots} ${slots === 1 ? "slot waits" : "slots wait"}:`,
    ...reasons.map(({ name, why }) => `  ${name}: ${oneLine(why)}`),
    ...(refusals.length === 0 ? [] : ["  refused when last asked:", ...refusals.map(refusalLine)]),
    ...(present.length === 0 ? [] : ["  nodes now:", ...present.map(refusalLine)]),
    ...(unblock.length === 0 ? [] : ["  would start with:", ...unblock.map((each) => `    ${oneLine(each)}`)]),
  ];
}

function slotLines({ slot, state, attempt, why, competitors, refusals }: JobExplanation["slots"][number]): string[] {
  const head = `Slot ${slot}${attempt === undefined ? "" : `, attempt ${attempt}`}: ${state}: ${oneLine(why)}`;
  const others = competitors.map(({ nodeId, score }) => `${shortId(nodeId)} ${Number(score.toFixed(1))}`);
  return [head, ...(others.length === 0 ? [] : [`    other bids: ${others.join(", ")}`]), ...refusals.map(refusalLine)];
}

const refusalLine = ({ name, why, nodes, examples }: RefusalGroup): string =>
  `    ${counted(nodes, "node")}, ${name}: ${oneLine(why)} (${examples.map((id) => shortId(id)).join(", ")}${nodes > examples.length ? ", …" : ""})`;
