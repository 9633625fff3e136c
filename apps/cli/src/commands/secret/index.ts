import type { NounPart } from "../../command.ts";

/** The commands on secrets. */
export const secret: NounPart = {
  name: "secret",
  summary: "store values that only tasks receive, as secret:NAME in their environment",
  commands: [
    {
      name: "put",
      args: "<name>",
      summary: "store the next version of a secret, from stdin or a file",
      load: async () => (await import("./put.ts")).put,
    },
    {
      name: "list",
      summary: "list the secrets of a namespace: names and versions, never values",
      load: async () => (await import("./list.ts")).list,
    },
    {
      name: "delete",
      args: "<name>",
      summary: "delete a secret with all its versions",
      load: async () => (await import("./delete-secret.ts")).deleteSecret,
    },
    {
      name: "reseal",
      summary: "seal all stored versions to the first key of the key file, so that older keys can be removed",
      load: async () => (await import("./reseal.ts")).reseal,
    },
    {
      name: "init",
      args: "<file>",
      summary: "create the key file that every requester names in secrets.keyFile",
      load: async () => (await import("./init.ts")).init,
    },
  ],
};
