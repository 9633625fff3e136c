import { avoidFailedNodes } from "./avoid-failed-nodes.ts";
import { preferredLabels } from "./preferred-labels.ts";
import { spread } from "./spread.ts";

/** The criteria for ranking nodes; the scores add up. */
export const rankers = [avoidFailedNodes, preferredLabels, spread] as const;
