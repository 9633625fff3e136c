import { expect, it } from "vitest";
import { bundledManifest, publishedManifest } from "./package-manifest.ts";

const entryPoints = (path: string) => ({ ".": { types: `${path}/mod.d.ts`, default: `${path}/mod.js` } });
const manifest = {
  name: "@shoal/x",
  exports: { ".": "./src/mod.ts" },
  scripts: { build: "tsc" },
  devDependencies: { a: "1.0.0" },
  dependencies: { b: "1.0.0" },
};

it("the published package exports its built entry points and leaves out what only the workspace needs", () => {
  const text = JSON.stringify({ ...manifest, publishConfig: { access: "public", exports: entryPoints("./dist") } });
  expect(JSON.parse(publishedManifest(text))).toEqual({
    name: "@shoal/x",
    dependencies: { b: "1.0.0" },
    exports: entryPoints("."),
    publishConfig: { access: "public" },
  });
});

it("an entry point outside dist is refused", () => {
  const text = JSON.stringify({ ...manifest, publishConfig: { access: "public", exports: entryPoints("./src") } });
  expect(() => publishedManifest(text)).toThrow("./src/mod.d.ts");
});

it("a bundle depends on what the workspaces in it need from others, and on no workspace", () => {
  const workspaces: Readonly<Record<string, object>> = {
    "@shoal/y": { dependencies: { "@shoal/z": "1.0.0", c: "2.0.0" }, devDependencies: { d: "1.0.0" } },
    "@shoal/z": { dependencies: { "@shoal/y": "1.0.0" }, optionalDependencies: { e: "3.0.0" } },
  };
  const text = JSON.stringify({
    name: "@shoal/x",
    bin: { x: "bin/x" },
    dependencies: { b: "1.0.0", "@shoal/y": "1.0.0" },
    optionalDependencies: { f: "1.0.0" },
    publishConfig: { access: "public" },
  });
  expect(JSON.parse(bundledManifest(text, (name) => JSON.stringify(workspaces[name])))).toEqual({
    name: "@shoal/x",
    bin: { x: "bin/x" },
    dependencies: { b: "1.0.0", c: "2.0.0" },
    optionalDependencies: { e: "3.0.0", f: "1.0.0" },
    publishConfig: { access: "public" },
  });
});
