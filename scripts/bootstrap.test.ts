import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const runtime = new URL("../apps/cli/bin/runtime.mjs", import.meta.url).href;
const installer = new URL("install.mjs", import.meta.url).href;

// SHOAL_NODE of this run would hide the result of the search.
const { SHOAL_NODE: _, ...plain } = process.env;

/** Runs plain JavaScript in a separate Node process, as the bootstrap is run. */
function start(code: string, env: NodeJS.ProcessEnv = plain): ChildProcess {
  return spawn(process.execPath, ["--input-type=module", "-e", code], { env, stdio: ["ignore", "pipe", "pipe"] });
}

async function outputOf(child: ChildProcess): Promise<{ readonly code: number | null; readonly printed: string }> {
  let printed = "";
  child.stdout?.on("data", (chunk) => {
    printed += chunk;
  });
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, printed: printed.trim() };
}

/** Runs `inner` in a Node process, and exits with its exit code. */
const handOver = (inner: string) =>
  `import { runNode } from ${JSON.stringify(runtime)};
   process.exitCode = await runNode({ path: process.execPath, from: "a test" }, ["-e", ${JSON.stringify(inner)}]);`;

describe("running a program on the right Node", () => {
  it("exits with the exit code of the program", async () => {
    expect(await outputOf(start(handOver("process.exit(7)")))).toMatchObject({ code: 7 });
  });

  it("exits with 128 + n when signal n ended the program", async () => {
    expect(await outputOf(start(handOver("process.kill(process.pid, 'SIGKILL')")))).toMatchObject({ code: 137 });
  });

  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "forwards %s once and waits for the program to end",
    async (signal) => {
      const inner = `
      let heard = 0;
      process.on("${signal}", () => { heard += 1; if (heard === 1) setTimeout(() => { console.log("heard", heard); process.exit(5); }, 50); });
      setInterval(() => {}, 1000);
      console.log("ready");`;
      const child = start(handOver(inner));
      child.stdout?.once("data", () => {
        child.kill(signal);
        child.kill(signal);
      });
      expect(await outputOf(child)).toEqual({ code: 5, printed: "ready\nheard 1" });
    },
  );
});

describe("finding the Node to run on", () => {
  const find = (base: string) =>
    `import { findRuntime } from ${JSON.stringify(runtime)}; const { from, problem } = findRuntime(${JSON.stringify(base)}); console.log(from ?? problem);`;

  it("uses the pinned package", async () => {
    expect((await outputOf(start(find(import.meta.url)))).printed).toMatch(/^node-(bin-)?(linux|darwin)-/);
  });

  it("uses the Node of this machine where no package is installed", async () => {
    expect((await outputOf(start(find(join(tmpdir(), "nothing.js"))))).printed).toBe("this machine");
  });

  it("prefers the program that SHOAL_NODE names", async () => {
    const env = { ...plain, SHOAL_NODE: process.execPath };
    expect((await outputOf(start(find(import.meta.url), env))).printed).toBe("SHOAL_NODE");
  });

  it("refuses SHOAL_NODE when it does not name a Node", async () => {
    const env = { ...plain, SHOAL_NODE: "/nowhere/node" };
    expect((await outputOf(start(find(import.meta.url), env))).printed).toMatch(
      /SHOAL_NODE is \/nowhere\/node: expected Node 24/,
    );
  });
});

describe("deciding whether to install", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "shoal-bootstrap-"));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const lock = (version: string) => JSON.stringify({ packages: { "node_modules/a": { version, integrity: version } } });
  const why = async () => {
    const code = `import { whyInstall } from ${JSON.stringify(installer)}; console.log(whyInstall(${JSON.stringify(root)}));`;
    return (await outputOf(start(code))).printed;
  };
  const write = (locked: string, installed?: string) => {
    writeFileSync(join(root, "package-lock.json"), lock(locked));
    mkdirSync(join(root, "node_modules"), { recursive: true });
    if (installed !== undefined) writeFileSync(join(root, "node_modules/.package-lock.json"), lock(installed));
  };

  it("installs into an empty checkout", async () => {
    writeFileSync(join(root, "package-lock.json"), lock("1"));
    expect(await why()).toContain("nothing is installed");
  });

  it("installs again after an installation that did not finish", async () => {
    write("1");
    expect(await why()).toContain("did not finish");
  });

  it("installs again when the lock file has changed", async () => {
    write("2", "1");
    expect(await why()).toContain("node_modules/a differs");
  });

  it("installs nothing while node_modules matches the lock file", async () => {
    write("1", "1");
    expect(await why()).toBe("undefined");
    expect(await why()).toBe("undefined");
    write("2");
    expect(await why()).toContain("node_modules/a differs");
  });
});

describe("installing", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "shoal-bootstrap-"));
    const here = { os: [process.platform], cpu: [process.arch], optional: true };
    const packages = { "node_modules/a": { version: "1" }, "node_modules/b": { version: "1", ...here } };
    writeFileSync(join(root, "package-lock.json"), JSON.stringify({ packages }));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  /** Installs with a substitute for npm that prints its arguments, makes node_modules and exits with this code. */
  async function install(exitCode: number) {
    const npm = join(root, "npm-cli.js");
    const program = `console.log("npm", process.argv[2]); require("node:fs").mkdirSync("node_modules", { recursive: true }); process.exit(${exitCode})`;
    writeFileSync(npm, program);
    const code = `import { install } from ${JSON.stringify(installer)}; process.exitCode = await install(${JSON.stringify(root)}, "because");`;
    const child = start(code, { ...plain, npm_execpath: npm });
    let errors = "";
    child.stderr?.on("data", (chunk) => {
      errors += chunk;
    });
    const { code: ended, printed } = await outputOf(child);
    const calls = errors.split("\n").filter((line) => line.startsWith("npm "));
    return { ended, printed, calls, hasStamp: existsSync(join(root, "node_modules/.shoal-stamp")) };
  }

  it("installs what npm left out with the new Node, and prints nothing to standard output", async () => {
    expect(await install(0)).toEqual({ ended: 0, printed: "", calls: ["npm ci", "npm install"], hasStamp: true });
  });

  it("exits with npm's exit code, and installs again the next time", async () => {
    expect(await install(3)).toEqual({ ended: 3, printed: "", calls: ["npm ci"], hasStamp: false });
  });
});
