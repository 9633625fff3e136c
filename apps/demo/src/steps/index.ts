import type { DemoStep } from "../step.ts";
import { containerJob } from "./container-job.ts";
import { daemonJoins } from "./daemon-joins.ts";
import { drainNode } from "./drain-node.ts";
import { loseNode } from "./lose-node.ts";
import { loseRequester } from "./lose-requester.ts";
import { measure } from "./measure.ts";
import { replayLog } from "./replay-log.ts";
import { rollService } from "./roll-service.ts";
import { wordCount } from "./word-count.ts";

/** The steps of the demonstration, in order. The cluster is up before the first one. */
export const steps: readonly DemoStep[] = [
  wordCount,
  measure,
  rollService,
  loseNode,
  daemonJoins,
  drainNode,
  loseRequester,
  containerJob,
  replayLog,
];
