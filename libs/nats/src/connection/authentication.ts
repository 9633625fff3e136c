import { type Authenticator, credsAuthenticator, nkeyAuthenticator, nkeys, type TlsOptions } from "@nats-io/nats-core";
import { Fault } from "@shoal/core";
import { type AuthenticationSettings, authenticationProblem, userInUrl } from "./authentication-settings.ts";
import { exposureOf, readSecretFile, readSecretLine, type SecretFile } from "./secret-file.ts";

/** The client's credentials and the TLS options of its connection. */
export interface Authentication {
  /** The client library calls it for each connection. Never throws: while a file cannot be read, its last content is used. */
  readonly authenticator: Authenticator;
  /** Undefined when the server decides whether the connection is encrypted. */
  readonly tls: TlsOptions | undefined;
  /** The client's name in messages, such as `user "me"`. */
  readonly identity: string;
}

/** Receives warnings: files that other users can read, and files that could not be read again. */
export type OnAuthenticationError = (why: string, level: "info" | "warn") => void;

/** One authentication method. `load` reads its file again and throws Fault CONFIG_INVALID when the content is not usable. */
interface AuthenticationMethod {
  readonly identity: string;
  readonly files: readonly SecretFile[];
  load(): Authenticator;
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/**
 * Authenticates with the settings, or with the user in the first URL. Every file is read again for each connection. Throws Fault
 * CONFIG_INVALID when settings conflict or a file cannot be used.
 */
export function createAuthentication(
  settings: AuthenticationSettings,
  onNatsError: OnAuthenticationError,
): Authentication {
  const problem = authenticationProblem(settings);
  if (problem !== undefined) throw new Fault("CONFIG_INVALID", `${problem.setting}: ${problem.message}`);
  const method = methodOf(settings);
  let current = method.load();
  const certificates = tlsFilesOf(settings);
  for (const file of certificates) readSecretFile(file);
  const secretFiles = [...method.files, ...certificates.filter(({ setting }) => setting === "nats.keyFile")];
  for (const file of secretFiles) {
    const exposure = exposureOf(file);
    if (exposure !== undefined) onNatsError(exposure, "warn");
  }
  return {
    identity: method.identity,
    tls: tlsOf(settings),
    authenticator(nonce) {
      try {
        current = method.load();
      } catch (failure) {
        onNatsError(failure instanceof Error ? failure.message : String(failure), "info");
      }
      return current(nonce);
    },
  };
}

function methodOf(settings: AuthenticationSettings): AuthenticationMethod {
  const { credentialsFile, nkeyFile, token, tokenFile, certFile } = settings;
  if (credentialsFile !== undefined) return credentialsMethod(credentialsFile);
  if (nkeyFile !== undefined) return nkeyMethod(nkeyFile);
  if (token !== undefined || tokenFile !== undefined) return tokenMethod(settings);
  const named = userInUrl(settings.servers);
  const user = settings.user ?? named?.user;
  if (user !== undefined) return userMethod({ ...settings, user, pass: settings.pass ?? named?.pass });
  const identity = certFile === undefined ? "a client without a user" : `the client certificate ${certFile}`;
  return { identity, files: [], load: () => () => undefined };
}

function userMethod({
  user,
  pass,
  passwordFile,
}: AuthenticationSettings & { readonly user: string }): AuthenticationMethod {
  const identity = `user "${user}"`;
  if (passwordFile === undefined)
    return { identity, files: [], load: () => () => ({ user, ...(pass === undefined ? {} : { pass }) }) };
  const file = { setting: "nats.passwordFile", path: passwordFile };
  return {
    identity,
    files: [file],
    load() {
      const read = readSecretLine(file);
      return () => ({ user, pass: read });
    },
  };
}

function tokenMethod({ token = "", tokenFile }: AuthenticationSettings): AuthenticationMethod {
  const identity = "this token";
  if (tokenFile === undefined) return { identity, files: [], load: () => () => ({ auth_token: token }) };
  const file = { setting: "nats.tokenFile", path: tokenFile };
  return {
    identity,
    files: [file],
    load() {
      const read = readSecretLine(file);
      return () => ({ auth_token: read });
    },
  };
}

function credentialsMethod(path: string): AuthenticationMethod {
  const file = { setting: "nats.credentialsFile", path };
  return {
    identity: `the user of ${path}`,
    files: [file],
    load: () => usable(credsAuthenticator(encode(readSecretFile(file))), file, "a JWT and a seed, as nsc writes them"),
  };
}

// A user seed as `nk -gen user` prints it. Other lines, such as the public key, are skipped.
const seedForm = /\bSU[A-Z2-7]{56}\b/;

function nkeyMethod(path: string): AuthenticationMethod {
  const file = { setting: "nats.nkeyFile", path };
  const seed = () => encode(seedForm.exec(readSecretFile(file))?.[0] ?? "");
  const load = () => usable(nkeyAuthenticator(seed()), file, "the seed of a user (SU…)");
  load();
  return { identity: `nkey ${nkeys.fromSeed(seed()).getPublicKey()}`, files: [file], load };
}

/** Signs once to verify the file's content: with unusable content the library closes the connection permanently. */
function usable(authenticator: Authenticator, { setting, path }: SecretFile, expected: string): Authenticator {
  try {
    const auth: object = authenticator("nonce") ?? {};
    if ("sig" in auth && auth.sig !== "") return authenticator;
  } catch {
    // The error's message may contain the file's content.
  }
  throw new Fault("CONFIG_INVALID", `${setting} ${path}: expected ${expected}, got something else`);
}

function tlsFilesOf({ caFile, certFile, keyFile }: AuthenticationSettings): readonly SecretFile[] {
  const named = { "nats.caFile": caFile, "nats.certFile": certFile, "nats.keyFile": keyFile };
  return Object.entries(named).flatMap(([setting, path]) => (path === undefined ? [] : [{ setting, path }]));
}

/** The library reads these files for each connection. With any of them, or a tls:// URL, a server without TLS is refused. */
function tlsOf({ servers, caFile, certFile, keyFile }: AuthenticationSettings): TlsOptions | undefined {
  const isRequired = servers.some((server) => server.startsWith("tls://"));
  const tls = {
    ...(caFile === undefined ? {} : { caFile }),
    ...(certFile === undefined ? {} : { certFile }),
    ...(keyFile === undefined ? {} : { keyFile }),
  };
  return isRequired || Object.keys(tls).length > 0 ? tls : undefined;
}
