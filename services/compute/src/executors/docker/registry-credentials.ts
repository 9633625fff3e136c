import { readFile } from "node:fs/promises";
import { causeOf, Fault } from "@shoal/core";
import { z } from "zod";

/** A user of a registry. */
export interface RegistryLogin {
  readonly username: string;
  readonly password: string;
}

/** Finds the login for an image's registry; undefined when there is none. */
export type RegistryCredentials = (image: string) => Promise<RegistryLogin | undefined>;

export interface CredentialSources {
  /** A file in the form of Docker's own `config.json`; empty for none. Read at each use, so that it can be replaced. */
  readonly file: string;
  /** The login for Docker Hub, from the node's environment. */
  readonly hub?: RegistryLogin;
}

const hubHost = "docker.io";
// The names under which Docker's own file has the hub.
const hubNames: ReadonlySet<string> = new Set([hubHost, "index.docker.io", "registry-1.docker.io"]);

const Entry = z.union([
  z.object({ username: z.string().min(1), password: z.string() }),
  // Base64 of `user:password`, as `docker login` writes it.
  z.object({ auth: z.base64().transform((text) => Buffer.from(text, "base64").toString()) }),
]);
const CredentialsFile = z.object({ auths: z.record(z.string(), Entry) });

/** Reads logins of registries. Throws Fault ENGINE_FAILED, without a part of the file, when the file cannot be read. */
export function registryCredentials({ file, hub }: CredentialSources): RegistryCredentials {
  return async (image) => {
    const registry = registryOf(image);
    const listed = file === "" ? undefined : (await loginsIn(file)).get(registry);
    return listed ?? (registry === hubHost ? hub : undefined);
  };
}

/** The login for Docker Hub in these variables of the environment, as Bacalhau reads them. */
export function hubLoginOf(env: Readonly<Record<string, string | undefined>>): RegistryLogin | undefined {
  const { DOCKER_USERNAME: username = "", DOCKER_PASSWORD: password = "" } = env;
  return username === "" || password === "" ? undefined : { username, password };
}

/** The registry of an image: the part before the first slash, where that is a host. */
export function registryOf(image: string): string {
  const [host = "", ...rest] = image.split("/");
  const isHost = rest.length > 0 && (/[.:]/.test(host) || host === "localhost");
  return isHost ? plainRegistry(host) : hubHost;
}

function plainRegistry(text: string): string {
  const host = (text.replace(/^https?:\/\//, "").split("/")[0] ?? "").toLowerCase();
  return hubNames.has(host) ? hubHost : host;
}

async function loginsIn(file: string): Promise<ReadonlyMap<string, RegistryLogin>> {
  const text = await readFile(file, "utf8").catch((failure: unknown) => {
    throw unreadable(file, causeOf(failure).why);
  });
  const parsed = CredentialsFile.safeParse(parseJson(text));
  // The problems name fields only: a value may be a password.
  if (!parsed.success) throw unreadable(file, 'expected {"auths": {"registry": {"username", "password"}}}');
  return new Map(Object.entries(parsed.data.auths).map(([name, entry]) => [plainRegistry(name), loginOf(entry)]));
}

function loginOf(entry: z.infer<typeof Entry>): RegistryLogin {
  if ("username" in entry) return entry;
  const at = entry.auth.indexOf(":");
  return { username: entry.auth.slice(0, at), password: entry.auth.slice(at + 1) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const unreadable = (file: string, why: string): Fault =>
  new Fault("ENGINE_FAILED", `docker.credentialsFile ${file} cannot be used: ${why}`);
