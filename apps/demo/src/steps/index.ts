import type { DemoStep } from "../step.ts";
import { containerJob } from "./container-job.ts";
import { loseNode } from "./lose-node.ts";
import { loseRequester } from "./lose-requester.ts";
import { measure } from "./measure.ts";
import { replayLog } from "./replay-log.ts";
import { wordCount } from "./word-count.ts";

/** The story, in its order. The cluster is up before it begins. */
export const steps: readonly DemoStep[] = [wordCount, measure, loseNode, loseRequester, containerJob, replayLog];
