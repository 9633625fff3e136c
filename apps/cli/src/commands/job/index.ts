import type { NounPart } from "../../command.ts";
import { describe } from "./describe.ts";
import { executions } from "./executions.ts";
import { get } from "./get.ts";
import { history } from "./history.ts";
import { list } from "./list.ts";
import { logs } from "./logs.ts";
import { run } from "./run.ts";
import { stop } from "./stop.ts";

/** The commands on jobs. */
export const job: NounPart = {
  name: "job",
  summary: "run and inspect jobs",
  commands: [run, list, describe, executions, history, logs, stop, get],
};
