import { z } from "zod";

// Lines told of one pull: an image of a hundred layers, at a handful of lines a layer.
const linesMax = 500;
// Characters of one line: as wide as a terminal gets.
const lineMaxLength = 200;
// Progress within a layer is told at each quarter.
const stepsPerLayer = 4;

/** One line of an engine's progress. */
export const Progress = z.object({
  status: z.string().optional(),
  id: z.string().optional(),
  progressDetail: z.object({ current: z.number().optional(), total: z.number().optional() }).optional(),
  error: z.string().optional(),
});
export type Progress = z.infer<typeof Progress>;

export type Say = (line: string) => void;

/** Turns an engine's stream of progress, several a second, into a bounded number of lines: one for each thing that is new. */
export function pullProgress(image: string, listeners: readonly Say[]): (progress: Progress) => void {
  const collected = new Set<string>();
  const emit = (line: string) => {
    for (const listener of listeners) listener(line);
  };
  return ({ id, status, progressDetail }) => {
    const { current = 0, total = 0 } = progressDetail ?? {};
    const quarter = total > 0 ? ` ${Math.floor((current / total) * stepsPerLayer) * (100 / stepsPerLayer)} %` : "";
    const line = `${image}: ${id === undefined ? "" : `${id} `}${status ?? ""}${quarter}`.slice(0, lineMaxLength);
    if (collected.has(line) || collected.size >= linesMax) return;
    collected.add(line);
    emit(line);
  };
}
