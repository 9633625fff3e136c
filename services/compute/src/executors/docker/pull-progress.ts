import { z } from "zod";

// Log lines of one pull: an image of a hundred layers, with a handful of lines each.
const linesMax = 500;
// Characters of one line: the width of a wide terminal.
const lineMaxLength = 200;
// Progress within a layer is logged at each quarter.
const stepsPerLayer = 4;

/** One line of an engine's progress. */
export const Progress = z.object({
  status: z.string().optional(),
  id: z.string().optional(),
  progressDetail: z.object({ current: z.number().optional(), total: z.number().optional() }).optional(),
  error: z.string().optional(),
});
export type Progress = z.infer<typeof Progress>;

export type OnLine = (line: string) => void;

/**
 * Turns an engine's stream of progress, several messages a second, into a bounded number of lines without repetition.
 */
export function pullProgress(image: string, listeners: readonly OnLine[]): (progress: Progress) => void {
  const logged = new Set<string>();
  const log = (line: string) => {
    for (const listener of listeners) listener(line);
  };
  return ({ id, status, progressDetail }) => {
    const { current = 0, total = 0 } = progressDetail ?? {};
    const quarter = total > 0 ? ` ${Math.floor((current / total) * stepsPerLayer) * (100 / stepsPerLayer)} %` : "";
    const line = `${image}: ${id === undefined ? "" : `${id} `}${status ?? ""}${quarter}`.slice(0, lineMaxLength);
    if (logged.has(line) || logged.size >= linesMax) return;
    logged.add(line);
    log(line);
  };
}
