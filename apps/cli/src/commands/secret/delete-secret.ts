import { apiRoutes } from "@shoal/proto";
import type { CommandPart } from "../../command.ts";
import { printJson } from "../../output/print-json.ts";

export const deleteSecret: CommandPart = {
  async run({ context, args: [name = ""] }) {
    const { namespace, output, terminal } = context;
    const json = await (await context.client()).call(apiRoutes.deleteSecret, { name, namespace });
    if (output === "json") printJson(terminal, json);
    else terminal.out(`Secret ${name} deleted\n`);
    return 0;
  },
};
