import type { Invocation, OptionRow } from "../command.ts";
import { knownCluster, type LogAccess } from "../devstack/known-cluster.ts";
import { defaults } from "../devstack/settings.ts";

/** The options for the connection to the log: name in camelCase, setting, flags, summary. */
const rows = [
  ["nats", "url", "--nats <url>", "the NATS server that holds the log (SHOAL_NATS_URL)"],
  ["user", "user", "--user <name>", "user name (SHOAL_NATS_USER; its password may be in SHOAL_NATS_PASSWORD)"],
  ["passwordFile", "passwordFile", "--password-file <file>", "file with the user's password"],
  ["tokenFile", "tokenFile", "--token-file <file>", "file with a token, in place of a user"],
  ["creds", "credentialsFile", "--creds <file>", "credentials file (JWT and seed), in place of a user"],
  ["nkey", "nkeyFile", "--nkey <file>", "file with the seed of an NKey, in place of a user"],
  ["tlsCa", "caFile", "--tls-ca <file>", "certificates of the trusted authorities, PEM"],
  ["tlsCert", "certFile", "--tls-cert <file>", "certificate of this client, PEM"],
  ["tlsKey", "keyFile", "--tls-key <file>", "key of the certificate of this client, PEM"],
] as const;

/** The options of every command that connects to NATS; each is also a variable SHOAL_NATS_…, as for a requester. */
export const logOptions: readonly OptionRow[] = [
  ...rows.map(([, , flags, summary]) => ({ flags, summary })),
  {
    flags: "--data-dir <folder>",
    summary: "data directory of a devstack, when no server is named",
    fallback: defaults.dataDir,
  },
];

/** The access to the log named by the flags, the environment or a data directory. */
export function logAccessOf({ context: { env }, options }: Invocation): LogAccess {
  if (options.text("nats") === undefined && env["SHOAL_NATS_URL"] === undefined)
    return knownCluster(options.text("dataDir") ?? defaults.dataDir);
  const given = rows.map(([option, setting]) => [`nats.${setting}`, options.text(option)] as const);
  return {
    env: Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith("SHOAL_NATS_"))),
    flags: Object.fromEntries(given.filter(([, value]) => value !== undefined)),
  };
}
