import type { BehaviourSection } from "../behaviour.ts";
import { bidding } from "./bidding.ts";
import { capacity } from "./capacity.ts";
import { commands } from "./commands.ts";
import { constraints } from "./constraints.ts";
import { dockerExecutor } from "./docker-executor.ts";
import { durability } from "./durability.ts";
import { environment } from "./environment.ts";
import { executions } from "./executions.ts";
import { history } from "./history.ts";
import { identifiers } from "./identifiers.ts";
import { job } from "./job.ts";
import { jobTypes } from "./job-types.ts";
import { nativeExecutor } from "./native-executor.ts";
import { network } from "./network.ts";
import { nodes } from "./nodes.ts";
import { output } from "./output.ts";
import { partitions } from "./partitions.ts";
import { publishers } from "./publishers.ts";
import { resources } from "./resources.ts";
import { running } from "./running.ts";
import { scheduling } from "./scheduling.ts";
import { secrets } from "./secrets.ts";
import { sources } from "./sources.ts";
import { task } from "./task.ts";
import { timeouts } from "./timeouts.ts";
import { validation } from "./validation.ts";
import { wasmExecutor } from "./wasm-executor.ts";

/** Every section, in the order of the page: the job model, requesters, nodes. */
export const sections: readonly BehaviourSection[] = [
  identifiers,
  job,
  task,
  resources,
  environment,
  secrets,
  constraints,
  network,
  timeouts,
  partitions,
  jobTypes,
  executions,
  history,
  validation,
  commands,
  scheduling,
  durability,
  nodes,
  bidding,
  capacity,
  running,
  dockerExecutor,
  wasmExecutor,
  nativeExecutor,
  sources,
  publishers,
  output,
];
