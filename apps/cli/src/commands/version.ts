import { readVersion, routes } from "@shoal/client";
import type { CommandPart } from "../command.ts";
import { printJson } from "../output/print-json.ts";

export const version: CommandPart = {
  name: "version",
  says: "show which version the requester runs",
  async run({ context }) {
    const json = await context.client().call(routes.version());
    if (context.output === "json") printJson(context.terminal, json);
    else {
      const { gitVersion, goos, goarch } = readVersion(json);
      context.terminal.out(`${gitVersion} (${goos}/${goarch})\n`);
    }
    return 0;
  },
};
