import { settingsOf } from "@shoal/core";
import type { z } from "zod";
import { ComputeConfig } from "../../../services/compute/src/config.ts";
import { RequesterConfig } from "../../../services/requester/src/config.ts";
import { code, table } from "../markdown.ts";
import type { ReferencePage } from "../page.ts";

const services: Readonly<Record<string, z.ZodType>> = {
  Requester: RequesterConfig,
  "Compute node": ComputeConfig,
};

/** Every setting of every service. */
export const settingsPage: ReferencePage = {
  file: "settings.md",
  title: "Settings",
  summary: "every setting of each service, its environment variable and its default",
  from: "services/*/src/config.ts",
  body: () => {
    const order = "Weakest first: the default, the configuration file, the environment, the flag `-c path=value`.";
    const sections = Object.entries(services).map(([name, schema]) => `## ${name}\n\n${settings(schema)}`);
    return [order, ...sections].join("\n\n");
  },
};

function settings(schema: z.ZodType): string {
  const rows = settingsOf(schema).map(({ path, env, description, fallback, secret }) => [
    code(path),
    code(env),
    fallback === undefined ? "" : code(JSON.stringify(fallback)),
    `${description}${secret ? " (shown as `***`)" : ""}`,
  ]);
  return table(["setting", "environment", "default", "means"], rows);
}
