import { avoidFailedNodes } from "./avoid-failed-nodes.ts";
import { preferredLabels } from "./preferred-labels.ts";
import { spread } from "./spread.ts";

/** What makes one node better than another; the scores add up. */
export const rankers = [avoidFailedNodes, preferredLabels, spread] as const;
