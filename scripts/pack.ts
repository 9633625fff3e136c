// Turns dist/ of the current workspace into a package that can be published: npm publish ./dist
import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { publishedManifest } from "./package-manifest.ts";

writeFileSync("dist/package.json", publishedManifest(readFileSync("package.json", "utf8")));
cpSync(new URL("../LICENSE", import.meta.url), "dist/LICENSE");
if (existsSync("bin")) cpSync("bin", "dist/bin", { recursive: true });
