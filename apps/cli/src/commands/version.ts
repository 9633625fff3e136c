import { readAnswer } from "@shoal/client";
import { apiRoutes } from "@shoal/proto";
import type { CommandPart } from "../command.ts";
import { printJson } from "../output/print-json.ts";

export const version: CommandPart = {
  async run({ context }) {
    const json = await (await context.client()).call(apiRoutes.agentVersion, {});
    if (context.output === "json") printJson(context.terminal, json);
    else {
      const { gitVersion, gitCommit, goos, goarch } = readAnswer(apiRoutes.agentVersion, json);
      context.terminal.out(`${product(gitVersion, gitCommit)} (${goos}/${goarch})\n`);
    }
    return 0;
  },
};

/** A requester of Shoal reports its own version in the field of the commit, and the version of the API in the field of the version. */
function product(gitVersion: string, gitCommit: string): string {
  const own = /^shoal-(.+)$/.exec(gitCommit)?.[1];
  return own === undefined ? gitVersion : `Shoal v${own}, API of Bacalhau ${gitVersion}`;
}
