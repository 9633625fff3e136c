// Turns dist/ of the current workspace into a package that can be published: npm publish ./dist
// With --bundle, dist/ is a bundle of the workspace and of those that it depends on; else it is what the compiler wrote.
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { bundledManifest, publishedManifest } from "./package-manifest.ts";

const { bundle } = parseArgs({ options: { bundle: { type: "boolean", default: false } } }).values;
const text = readFileSync("package.json", "utf8");
const workspace = (name: string) =>
  readFileSync(new URL(`../node_modules/${name}/package.json`, import.meta.url), "utf8");

if (bundle) {
  // Only here: the bundler takes longer to load than the rest takes to run.
  const { bundleProgram } = await import("./program/bundle.ts");
  rmSync("dist", { recursive: true, force: true });
  await bundleProgram(resolve("dist"));
}
writeFileSync("dist/package.json", bundle ? bundledManifest(text, workspace) : publishedManifest(text));
cpSync(new URL("../LICENSE", import.meta.url), "dist/LICENSE");
if (existsSync("bin")) cpSync("bin", "dist/bin", { recursive: true });
