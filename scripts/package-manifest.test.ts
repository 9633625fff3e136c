import { expect, it } from "vitest";
import { publishedManifest } from "./package-manifest.ts";

const doors = (path: string) => ({ ".": { types: `${path}/mod.d.ts`, default: `${path}/mod.js` } });
const manifest = {
  name: "@shoal/x",
  exports: { ".": "./src/mod.ts" },
  scripts: { build: "tsc" },
  devDependencies: { a: "1.0.0" },
  dependencies: { b: "1.0.0" },
};

it("the published package exports its built entry points and leaves out what only the workspace needs", () => {
  const text = JSON.stringify({ ...manifest, publishConfig: { access: "public", exports: doors("./dist") } });
  expect(JSON.parse(publishedManifest(text))).toEqual({
    name: "@shoal/x",
    dependencies: { b: "1.0.0" },
    exports: doors("."),
    publishConfig: { access: "public" },
  });
});

it("an entry point outside dist is refused", () => {
  const text = JSON.stringify({ ...manifest, publishConfig: { access: "public", exports: doors("./src") } });
  expect(() => publishedManifest(text)).toThrow("./src/mod.d.ts");
});
