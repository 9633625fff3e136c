import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const runner = fileURLToPath(new URL("test.ts", import.meta.url));

describe("the test run", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "shoal-runner-"));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  /** Runs the runner over one test file with this text. */
  async function over(text: string, ...args: readonly string[]) {
    await writeFile(join(folder, "sample.test.js"), text);
    // What the surrounding vitest put into the environment must not reach the inner one.
    const own = Object.entries(process.env).filter(([name]) => !name.startsWith("VITEST") && name !== "TEST");
    const env = { ...Object.fromEntries(own), NO_COLOR: "1" };
    const child = spawn(process.execPath, [runner, "--root", folder, "--globals", ...args], { env });
    let printed = "";
    child.stdout.on("data", (chunk) => {
      printed += chunk;
    });
    const code = await new Promise((resolve) => child.once("close", resolve));
    const lines = printed.trimEnd().split("\n");
    return { code, last: lines.at(-1), lines };
  }

  it("ends with the count and 0 when all pass", async () => {
    const run = await over(`it("a", () => {}); it("b", () => {});`);
    expect(run).toMatchObject({ code: 0, last: "2 passed, 0 failed" });
  });

  it("counts failed tests and ends with 1", async () => {
    const run = await over(`it("a", () => {}); it("b", () => { throw new Error("no"); });`);
    expect(run).toMatchObject({ code: 1, last: "1 passed, 1 failed" });
  });

  it("counts a file that cannot be read as a failure", async () => {
    expect(await over(`import "./missing.js";`)).toMatchObject({ code: 1, last: "0 passed, 1 failed" });
  });

  it("counts an error outside every test as a failure", async () => {
    const stray = `it("a", async () => { setTimeout(() => { throw new Error("stray"); }); await new Promise((r) => setTimeout(r)); });`;
    expect(await over(stray)).toMatchObject({ code: 1, last: "1 passed, 1 failed" });
  });

  it("fails without tests", async () => {
    expect(await over("", "-t", "nothing")).toMatchObject({ code: 1 });
  });

  it("fails when every test was skipped", async () => {
    expect(await over(`it.skip("a (needs a moon)", () => {});`)).toMatchObject({
      code: 1,
      last: "0 passed, 0 failed, 1 skipped",
    });
  });

  it("lists the skipped tests and their reasons", async () => {
    const run = await over(`
      it("a", () => {});
      it.skip("b (needs a Docker engine)", () => {});
      describe.skip("c (needs a browser)", () => { it("d", () => {}); });
      it("e (needs a network)", (context) => context.skip());
      it.skip("f", () => {});
    `);
    expect(run).toMatchObject({ code: 0, last: "1 passed, 0 failed, 4 skipped" });
    expect(run.lines).toEqual(
      expect.arrayContaining([
        "skipped 1: needs a Docker engine",
        "skipped 1: needs a browser",
        "skipped 1: needs a network",
        "skipped 1: no reason given: name what is missing in the title, (needs …)",
        `  ${relative(join(runner, "../.."), join(folder, "sample.test.js"))} > c (needs a browser) > d`,
      ]),
    );
  });

  it("counts a failed set-up as a failure of its tests", async () => {
    const run = await over(`
      it("a", () => {});
      describe("g", () => { beforeAll(() => { throw new Error("no"); }); it("h", () => {}); });
    `);
    expect(run).toMatchObject({ code: 1, last: "1 passed, 1 failed, 1 skipped" });
    expect(run.lines).toContain("skipped 1: its file or set-up failed");
  });

  it("lists only tests that match -t", async () => {
    const run = await over(
      `it("a", () => {}); it.skip("b (needs a moon)", () => {}); it.skip("a2", () => {});`,
      "-t",
      "^a",
    );
    expect(run).toMatchObject({ code: 0, last: "1 passed, 0 failed, 1 skipped" });
  });
});
