import type { NounPart } from "../../command.ts";

/** The commands on jobs. */
export const job: NounPart = {
  name: "job",
  summary: "run and inspect jobs",
  commands: [
    {
      name: "run",
      args: "<file>",
      summary: "submit a job from a YAML or JSON file, or from standard input (-), and watch it",
      load: async () => (await import("./run.ts")).run,
    },
    {
      name: "rerun",
      args: "<job>",
      summary: "run a version of a job again, as a new version, and watch it",
      load: async () => (await import("./rerun.ts")).rerun,
    },
    {
      name: "list",
      summary: "list jobs, the newest first",
      load: async () => (await import("./list.ts")).list,
    },
    {
      name: "describe",
      args: "<job>",
      summary: "show a job: state, history, executions, output",
      load: async () => (await import("./describe.ts")).describe,
    },
    {
      name: "executions",
      args: "<job>",
      summary: "list the executions of a job: node, partition and state of each",
      load: async () => (await import("./executions.ts")).executions,
    },
    {
      name: "history",
      args: "<job>",
      summary: "show what happened to a job, and why",
      load: async () => (await import("./history.ts")).history,
    },
    {
      name: "explain",
      args: "<job>",
      summary: "show why a job runs where it does, why it waits, or why it failed",
      load: async () => (await import("./explain.ts")).explain,
    },
    {
      name: "versions",
      args: "<job>",
      summary: "list the versions of a job, the oldest first",
      load: async () => (await import("./versions.ts")).versions,
    },
    {
      name: "logs",
      args: "<job>",
      summary: "show the output of a job's executions",
      load: async () => (await import("./logs.ts")).logs,
    },
    {
      name: "stop",
      args: "<job>",
      summary: "stop a job before it completes",
      load: async () => (await import("./stop.ts")).stop,
    },
    {
      name: "get",
      args: "<job>",
      summary: "download the results of a job",
      load: async () => (await import("./get.ts")).get,
    },
  ],
};
