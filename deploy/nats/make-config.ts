// Prints or writes the configuration of a nats-server that grants requesters and nodes only the rights they need.
import { parseArgs } from "node:util";
import { causeOf, Fault } from "@shoal/core";
import { type ServerSettings, serverConfig } from "@shoal/nats";
import { type ClusterUsers, readClusterUsers } from "./cluster-users.ts";
import { replaceFile } from "./replace-file.ts";

const usage = `node deploy/nats/make-config.ts --users <file> --store-dir <folder> [options]

  --users <file>           {"requester": "password", "nodes": {"n-1": "password"}, "observers": {"auditor": "password"},
                           "routes": "password"}; in place of a password {"user": "password", "user-b": "password"} names
                           several users with the same rights; - reads stdin;
                           "inputBuckets": {"n-1": ["bucket"]} lets a node read object stores
  --store-dir <folder>     where streams are stored, in its folder jetstream
  --out <file>             replaces this file atomically instead of printing, once the settings are valid
  --host <address>         address to listen on (127.0.0.1)
  --port <port>            port for requesters and nodes (4222)
  --name <name>            name of this server, unique in the cluster (shoal)
  --monitor <host:port>    address of the server's monitoring, /healthz and /jsz (127.0.0.1:8222); off for none
  --max-file-store <size>  limit for all streams: 50GB (the server's default: 75 % of the free disk)
  --sync-interval <time>   how often files are flushed to disk: 10s, always (the server's default: 2m)
  --route <host:port>      another server of the cluster, once for each of them
  --cluster-port <port>    port for the other servers (6222)
`;

const options = {
  users: { type: "string" },
  "store-dir": { type: "string" },
  out: { type: "string" },
  host: { type: "string", default: "127.0.0.1" },
  port: { type: "string", default: "4222" },
  name: { type: "string" },
  monitor: { type: "string", default: "127.0.0.1:8222" },
  "max-file-store": { type: "string" },
  "sync-interval": { type: "string" },
  route: { type: "string", multiple: true },
  "cluster-port": { type: "string", default: "6222" },
  help: { type: "boolean", default: false },
} as const;

type ConfigFlags = ReturnType<typeof given>;
const given = (args: readonly string[]) => parseArgs({ args: [...args], options }).values;

try {
  const flags = given(process.argv.slice(2));
  if (flags.help) process.stdout.write(usage);
  else put(serverConfig(settingsOf(flags)), flags.out);
} catch (failure) {
  const why = failure instanceof Fault ? failure.why : causeOf(failure).why;
  process.stderr.write(`make-config: ${why}\nmake-config: --help lists all options\n`);
  process.exitCode = 2;
}

function put(config: string, out: string | undefined): void {
  if (out === undefined) process.stdout.write(config);
  else replaceFile(out, config);
}

function settingsOf(flags: ConfigFlags): ServerSettings {
  const { host, name, route = [] } = flags;
  const syncInterval = flags["sync-interval"];
  const clusterUsers = readClusterUsers(required(flags, "users"));
  return {
    dataDir: required(flags, "store-dir"),
    host,
    port: portOf(flags, "port"),
    users: clusterUsers.users,
    ...(name === undefined ? {} : { name }),
    ...(syncInterval === undefined ? {} : { syncInterval }),
    ...storeSettings(flags),
    ...(route.length === 0 ? {} : { cluster: clusterOf(flags, route, clusterUsers) }),
  };
}

function storeSettings(flags: ConfigFlags): Pick<ServerSettings, "monitor" | "maxFileStore"> {
  const { monitor } = flags;
  const maxFileStore = flags["max-file-store"];
  if (monitor !== "off" && !/^[^\s@/]+:\d+$/.test(monitor))
    throw new Fault("CONFIG_INVALID", `--monitor: expected host:port or off, got "${monitor}"`);
  if (maxFileStore !== undefined && !/^[1-9]\d*(KB|MB|GB|TB)$/.test(maxFileStore))
    throw new Fault("CONFIG_INVALID", `--max-file-store: expected a size such as 50GB, got "${maxFileStore}"`);
  return {
    ...(monitor === "off" ? {} : { monitor }),
    ...(maxFileStore === undefined ? {} : { maxFileStore }),
  };
}

function clusterOf(
  flags: ConfigFlags,
  routes: readonly string[],
  { routePassword }: ClusterUsers,
): NonNullable<ServerSettings["cluster"]> {
  required(flags, "name");
  if (routePassword === undefined) {
    throw new Fault(
      "CONFIG_INVALID",
      'servers with --route need a password for each other: "routes" in the users file',
    );
  }
  for (const route of routes) {
    if (!/^[^\s@/]+:\d+$/.test(route)) throw new Fault("CONFIG_INVALID", `--route: expected host:port, got "${route}"`);
  }
  return { port: portOf(flags, "cluster-port"), routes, password: routePassword };
}

function required(flags: ConfigFlags, flag: "users" | "store-dir" | "name"): string {
  const value = flags[flag];
  if (value !== undefined && value !== "") return value;
  throw new Fault("CONFIG_INVALID", `--${flag} is missing`);
}

function portOf(flags: ConfigFlags, flag: "port" | "cluster-port"): number {
  const port = Number(flags[flag]);
  if (/^\d+$/.test(flags[flag]) && port >= 1 && port <= 65_535) return port;
  throw new Fault("CONFIG_INVALID", `--${flag}: expected a port from 1 to 65535, got "${flags[flag]}"`);
}
