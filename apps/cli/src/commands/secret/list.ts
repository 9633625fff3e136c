import { readAnswer } from "@shoal/client";
import { apiRoutes, type SecretEntry } from "@shoal/proto";
import type { CommandPart } from "../../command.ts";
import { listOf } from "../../output/answer.ts";
import { printJson } from "../../output/print-json.ts";
import { type Column, table } from "../../output/table.ts";
import { fullTime } from "../../output/times.ts";

export const list: CommandPart = {
  async run({ context }) {
    const { namespace, output, terminal } = context;
    const json = await (await context.client()).call(apiRoutes.listSecrets, { namespace });
    if (output === "json") printJson(terminal, listOf(json, "Secrets"));
    else terminal.out(table(columns, readAnswer(apiRoutes.listSecrets, json).secrets));
    return 0;
  },
};

const columns: readonly Column<SecretEntry>[] = [
  { title: "NAMESPACE", of: ({ namespace }) => namespace },
  { title: "NAME", of: ({ name }) => name },
  { title: "VERSION", of: ({ versions }) => String(versions.at(-1)?.version ?? "") },
  { title: "UPDATED", of: ({ versions }) => fullTime(versions.at(-1)?.createdAt ?? 0) },
  { title: "VERSIONS", of: ({ versions }) => versions.map(({ version }) => version).join(",") },
];
