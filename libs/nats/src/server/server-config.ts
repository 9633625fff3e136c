import { join } from "node:path";
import type { UserRights } from "../rights/rights.ts";

/** Settings of a server that Shoal starts. */
export interface ServerSettings {
  /** Contains the configuration and, in `jetstream`, all streams. */
  readonly dataDir: string;
  /** -1 for any free port. */
  readonly port: number;
  /** The server writes its process id here; no file when left out. */
  readonly pidFile?: string;
  /** Whether it runs in a separate process group, which Ctrl-C in the terminal does not reach. */
  readonly detached?: boolean;
  /** 127.0.0.1 when left out, so that other machines have no access by default. */
  readonly host?: string;
  readonly name?: string;
  /** Every client has all permissions when there are none. */
  readonly users?: readonly ServerUser[];
  /** Interval of the flushes of files to the disk; the server's default of two minutes when left out. */
  readonly syncInterval?: string;
  /** Address and port of the server's monitoring (`/healthz`, `/jsz`), such as 127.0.0.1:8222; none when left out. */
  readonly monitor?: string;
  /** Storage limit of all streams together, such as 50GB; when left out, three quarters of the disk space that is free at the start. */
  readonly maxFileStore?: string;
  /** Storage limit of the account of all users, such as 50GB, as hosted NATS has it; the server's limit when left out. */
  readonly accountFileStore?: string;
  /** Files of the certificate and its key in PEM; with them connections are encrypted. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string };
  /** More lines of nats-server's configuration, for options without a setting here. */
  readonly lines?: readonly string[];
  /** The other servers of a cluster; each server then needs its own `name`. */
  readonly cluster?: ServerCluster;
}

/** Routes and credentials between the servers of a cluster. */
export interface ServerCluster {
  /** The cluster port on `host`. */
  readonly port: number;
  /** The others, as host:port of their cluster ports. */
  readonly routes: readonly string[];
  /** The password of the routes; the same for all servers. */
  readonly password: string;
}

/** A user and its permissions. */
export interface ServerUser {
  readonly user: string;
  readonly password: string;
  readonly rights: UserRights;
}

// Twice the largest commit: room for headers and for the largest assignment around its task.
const maxPayloadBytes = 1_048_576;

/** The text of a nats-server configuration: a server with JetStream on files. */
export function serverConfig(settings: ServerSettings): string {
  const { host = "127.0.0.1", name = "shoal", users = [] } = settings;
  const lines = [
    `server_name: ${quoted(name)}`,
    `host: ${quoted(host)}`,
    `port: ${settings.port}`,
    ...(settings.pidFile === undefined ? [] : [`pid_file: ${quoted(settings.pidFile)}`]),
    ...(settings.monitor === undefined ? [] : [`http: ${quoted(settings.monitor)}`]),
    `max_payload: ${maxPayloadBytes}`,
    ...storeLines(settings),
  ];
  if (settings.tls !== undefined)
    lines.push(`tls { cert_file: ${quoted(settings.tls.certFile)}, key_file: ${quoted(settings.tls.keyFile)} }`);
  if (settings.cluster !== undefined) lines.push(clusterText(settings.cluster, host));
  lines.push(...(settings.lines ?? []));
  if (settings.accountFileStore !== undefined) lines.push(accountText(settings.accountFileStore, users));
  else if (users.length > 0) lines.push("authorization { users: [", ...users.map(userText), "] }");
  return `${lines.join("\n")}\n`;
}

function storeLines({ dataDir, syncInterval, maxFileStore }: ServerSettings): readonly string[] {
  const byItself =
    "  # max_file_store: 50GB   # unset: three quarters of the disk space that is free when the server starts";
  return [
    "jetstream {",
    `  store_dir: ${quoted(join(dataDir, "jetstream"))}`,
    ...(syncInterval === undefined ? [] : [`  sync_interval: ${quoted(syncInterval)}`]),
    // A size with a unit is a number only without quotes.
    maxFileStore === undefined
      ? byItself
      : `  max_file_store: ${maxFileStore}   # all streams together, the log included`,
    // Every stream and bucket sets it itself; the printed value is the server's default.
    "  # duplicate window of every stream: 2m. A commit that is sent again within it is stored once",
    "}",
  ];
}

function clusterText({ port, routes, password }: ServerCluster, host: string): string {
  const urls = routes.map((route) => quoted(`nats://route:${encodeURIComponent(password)}@${route}`));
  const authorization = `authorization { user: "route", password: ${quoted(password)} }`;
  return `cluster { name: "shoal", host: ${quoted(host)}, port: ${port}, ${authorization}, routes: [${urls.join(", ")}] }`;
}

// Consumers live in memory: a few kilobytes each.
const accountMemory = "256MB";

/** One account with a limit for all users; without users, a default user for clients without credentials. */
function accountText(fileStore: string, users: readonly ServerUser[]): string {
  const everybody = { user: "shoal", password: "shoal" };
  const list = users.length === 0 ? [`  ${JSON.stringify(everybody)}`] : users.map(userText);
  const limits = `{ max_mem: ${accountMemory}, max_file: ${fileStore} }`;
  const account = [`accounts { SHOAL: { jetstream: ${limits}, users: [`, ...list, "] } }"];
  return [...account, ...(users.length === 0 ? [`no_auth_user: ${quoted(everybody.user)}`] : [])].join("\n");
}

// One subject a line: people read permissions and compare them line by line.
function userText({ user, password, rights }: ServerUser): string {
  const { publish, subscribe, answers } = rights;
  return [
    `  { user: ${quoted(user)}, password: ${quoted(password)}, permissions: {`,
    ...subjectLines("publish", publish),
    ...subjectLines("subscribe", subscribe),
    ...(answers === undefined
      ? []
      : [`    allow_responses: { max: ${answers.max}, expires: "${answers.withinMs}ms" }`]),
    "  } }",
  ].join("\n");
}

function subjectLines(what: string, { allow, deny = [] }: UserRights["publish"]): readonly string[] {
  const list = (word: string, subjects: readonly string[]) =>
    subjects.length === 0 ? [] : [`      ${word}: [`, ...subjects.map((each) => `        ${quoted(each)}`), "      ]"];
  return [`    ${what}: {`, ...list("allow", allow), ...list("deny", deny), "    }"];
}

// JSON strings are valid strings of the server's format; a $ starts a variable only outside of quotes.
function quoted(text: string): string {
  return JSON.stringify(text);
}
