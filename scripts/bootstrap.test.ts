import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const runtime = new URL("../apps/cli/bin/runtime.mjs", import.meta.url).href;
const install = new URL("install.mjs", import.meta.url).href;

// A Node that somebody chose for this run would hide what the search itself finds.
const { SHOAL_NODE: _, ...plain } = process.env;

/** Runs a piece of plain JavaScript in a Node of its own, as the bootstrap is run. */
function start(code: string, env: NodeJS.ProcessEnv = plain): ChildProcess {
  return spawn(process.execPath, ["--input-type=module", "-e", code], { env, stdio: ["ignore", "pipe", "pipe"] });
}

async function outputOf(child: ChildProcess): Promise<{ readonly code: number | null; readonly said: string }> {
  let said = "";
  child.stdout?.on("data", (chunk) => {
    said += chunk;
  });
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, said: said.trim() };
}

/** Hands over to a Node that runs `inner`, and ends as that ends. */
const handOver = (inner: string) =>
  `import { runNode } from ${JSON.stringify(runtime)};
   process.exitCode = await runNode({ path: process.execPath, from: "a test" }, ["-e", ${JSON.stringify(inner)}]);`;

describe("handing over to the right Node", () => {
  it("ends with the exit code of what it ran", async () => {
    expect(await outputOf(start(handOver("process.exit(7)")))).toMatchObject({ code: 7 });
  });

  it("ends with 128 + n when signal n ended what it ran", async () => {
    expect(await outputOf(start(handOver("process.kill(process.pid, 'SIGKILL')")))).toMatchObject({ code: 137 });
  });

  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("passes %s on once and waits for the end", async (signal) => {
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
    expect(await outputOf(child)).toEqual({ code: 5, said: "ready\nheard 1" });
  });
});

describe("finding the Node to run on", () => {
  const find = (base: string) =>
    `import { findRuntime } from ${JSON.stringify(runtime)}; const { from, problem } = findRuntime(${JSON.stringify(base)}); console.log(from ?? problem);`;

  it("takes the pinned package", async () => {
    expect((await outputOf(start(find(import.meta.url)))).said).toMatch(/^node-(bin-)?(linux|darwin)-/);
  });

  it("takes the Node of this machine where no package is installed", async () => {
    expect((await outputOf(start(find(join(tmpdir(), "nothing.js"))))).said).toBe("this machine");
  });

  it("takes what SHOAL_NODE names before all else", async () => {
    const env = { ...plain, SHOAL_NODE: process.execPath };
    expect((await outputOf(start(find(import.meta.url), env))).said).toBe("SHOAL_NODE");
  });

  it("refuses what SHOAL_NODE names when that is no Node, and says so", async () => {
    const env = { ...plain, SHOAL_NODE: "/nowhere/node" };
    expect((await outputOf(start(find(import.meta.url), env))).said).toMatch(
      /SHOAL_NODE names \/nowhere\/node: expected Node 24/,
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
    const code = `import { whyInstall } from ${JSON.stringify(install)}; console.log(whyInstall(${JSON.stringify(root)}));`;
    return (await outputOf(start(code))).said;
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

  it("installs again when the lock file has moved on", async () => {
    write("2", "1");
    expect(await why()).toContain("node_modules/a differs");
  });

  it("leaves alone what agrees, and sees when that ends", async () => {
    write("1", "1");
    expect(await why()).toBe("undefined");
    expect(await why()).toBe("undefined");
    write("2");
    expect(await why()).toContain("node_modules/a differs");
  });
});
