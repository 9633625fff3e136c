import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const main = fileURLToPath(new URL("main.ts", import.meta.url));
// Prints the URL of each module that the program loads, on stderr.
const trace = `data:text/javascript,${encodeURIComponent(`
  import { writeSync } from "node:fs";
  import { registerHooks } from "node:module";
  registerHooks({ load: (url, context, next) => (writeSync(2, url + "\\n"), next(url, context)) });
`)}`;

function run(...args: readonly string[]) {
  const env = { ...process.env, NODE_OPTIONS: "", NO_COLOR: "1" };
  const command = ["--disable-warning=ExperimentalWarning", "--import", trace, main, ...args];
  const { stdout, stderr } = spawnSync(process.execPath, command, { env, encoding: "utf8" });
  return { stdout, loaded: stderr.split("\n") };
}

// The client of the API and the schemas, the log, the services, and their libraries.
const heavy =
  /\/(zod|yaml|fastify|pino|dockerode|tar-stream|@nats-io)\/|\/(proto|client|core|nats|node|requester|compute)\/src\/mod\./;

describe("what shoal loads", () => {
  it.each([
    [["--version"], "Shoal v"],
    [["--help"], "devstack"],
    [["job", "--help"], "executions <job>"],
    [["devstack", "--help"], "--nodes"],
    [["serve", "--help"], "--requester"],
  ])("for %j: no schema, no client, no service", (args, expected) => {
    const { stdout, loaded } = run(...args);
    expect(stdout).toContain(expected);
    expect(loaded.filter((url) => url.endsWith("/commander/index.js"))).toHaveLength(1);
    expect(loaded.filter((url) => heavy.test(url))).toEqual([]);
  });

  it("is no client for a command that uses none", () => {
    // It ends after the context of the command has been made, with the refusal of its options.
    const { loaded } = run("serve");
    expect(loaded.filter((url) => url.endsWith("/src/context.ts"))).toHaveLength(1);
    expect(loaded.filter((url) => heavy.test(url))).toEqual([]);
  });

  it("is the command that is named, and no other", () => {
    const { stdout, loaded } = run("job", "list", "--help");
    expect(stdout).toContain("--limit");
    const commands = loaded.filter((url) => /\/src\/commands\/(?!.*index\.ts$)/.test(url));
    expect(commands.map((url) => url.slice(url.indexOf("/commands/")))).toEqual([
      "/commands/job/list.ts",
      "/commands/paging.ts",
    ]);
    // The pattern above recognizes what is heavy.
    expect(loaded.filter((url) => heavy.test(url))).not.toEqual([]);
  });
});
