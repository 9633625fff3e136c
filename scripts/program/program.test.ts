import { execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { shoalVersion } from "@shoal/proto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { bundleProgram } from "./bundle.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

describe("the program that a launcher starts", () => {
  let checkout = "";
  beforeEach(() => {
    checkout = mkdtempSync(join(realpathSync(tmpdir()), "shoal-program-"));
    mkdirSync(join(checkout, "apps/cli/bin"), { recursive: true });
    cpSync(join(root, "apps/cli/bin/program.mjs"), join(checkout, "apps/cli/bin/program.mjs"));
    write("apps/cli/src/main.ts", "// the source");
    write("libs/a/src/a.ts", "// one input");
  });
  afterEach(() => rmSync(checkout, { recursive: true }));

  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(checkout, path)), { recursive: true });
    writeFileSync(join(checkout, path), text);
  };
  const bundles = "node_modules/.cache/shoal";
  /** As `main.mjs` records it. */
  const record = () => {
    const inputs = ["apps/cli/src/main.ts", "libs/a/src/a.ts"].map((path) => {
      const { size, mtimeMs } = statSync(join(checkout, path));
      return [path, `${size} ${mtimeMs}`];
    });
    write(`${bundles}/0/main.mjs`, "// the bundle");
    write(`${bundles}/program.json`, JSON.stringify({ main: "0/main.mjs", inputs: Object.fromEntries(inputs) }));
  };
  const found = async () => {
    const { findProgram } = await import(pathToFileURL(join(checkout, "apps/cli/bin/program.mjs")).href);
    return fileURLToPath(findProgram()).slice(checkout.length + 1);
  };
  const [source, bundle] = ["apps/cli/src/main.ts", `${bundles}/0/main.mjs`];

  it("is the source before anything is bundled", async () => {
    expect(await found()).toBe(source);
  });

  it("is the bundle while nothing has changed", async () => {
    record();
    expect(await found()).toBe(bundle);
  });

  it.each([
    ["has another size", () => write("libs/a/src/a.ts", "// another input")],
    ["has the same size and another time", () => utimesSync(join(checkout, "libs/a/src/a.ts"), 1, 1)],
    ["is gone", () => rmSync(join(checkout, "libs/a"), { recursive: true })],
  ])("is the source when a file of the bundle %s", async (_what, change) => {
    record();
    change();
    expect(await found()).toBe(source);
  });

  it.each([
    ["the bundle is gone", () => rmSync(join(checkout, bundles, "0"), { recursive: true })],
    ["the record is not readable", () => write(`${bundles}/program.json`, "{")],
  ])("is the source when %s", async (_what, change) => {
    record();
    change();
    expect(await found()).toBe(source);
  });

  it("is the one of a published package", async () => {
    write("apps/cli/main.mjs", "// published");
    expect(await found()).toBe("apps/cli/main.mjs");
  });
});

describe("a bundle", () => {
  let folder = "";
  let inputs: readonly string[] = [];
  // Where packages are found.
  const cache = join(root, "node_modules/.cache");
  beforeAll(async () => {
    mkdirSync(cache, { recursive: true });
    folder = mkdtempSync(join(cache, "shoal-bundle-"));
    inputs = await bundleProgram(folder);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it("runs", () => {
    const output = execFileSync(process.execPath, [join(folder, "main.mjs"), "--version"], { encoding: "utf8" });
    expect(output).toBe(`Shoal v${shoalVersion}\n`);
  });

  it("has every program that a process of it starts", () => {
    const files = readdirSync(folder);
    expect(files).toEqual(expect.arrayContaining(["list-worker.mjs", "main.mjs", "rights-main.mjs"]));
    expect(readdirSync(join(folder, "sandbox")).sort()).toEqual(["main-lanes.mjs", "main.mjs"]);
  });

  it("is made from the services, the libraries and the code of the sandbox, and from no package of others", () => {
    expect(inputs).toEqual(
      expect.arrayContaining([
        "apps/cli/src/main.ts",
        "libs/core/src/mod.ts",
        "libs/wasi-sandbox/src/sandbox/guest.ts",
        "services/compute/src/serve.ts",
        "services/requester/src/catalog/list-worker.ts",
      ]),
    );
    expect(inputs.filter((path) => !/^(libs|services|apps)\/[^/]+\/src\//.test(path))).toEqual([]);
  });
});
