import { nkeys } from "@nats-io/nats-core";

type KeyPair = ReturnType<typeof nkeys.createUser>;

/** An operator with one account that may use JetStream: the server's configuration, and credentials of its users. */
export interface SignedJwts {
  /** Lines of the server's configuration. */
  readonly serverLines: readonly string[];
  /** The text of a credentials file. The server refuses an expired user. */
  credentialsOf(name: string, expiresAtSeconds?: number): string;
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

// The format of JWTs that nats-server reads; version 2 signs header and body.
function signed(
  signer: KeyPair,
  claims: { readonly sub: string; readonly nats: object; readonly exp?: number },
): string {
  const body = { jti: "test", iat: 1_700_000_000, iss: signer.getPublicKey(), name: "test", ...claims };
  const unsigned = `${part({ typ: "JWT", alg: "ed25519-nkey" })}.${part(body)}`;
  return `${unsigned}.${Buffer.from(signer.sign(Buffer.from(unsigned))).toString("base64url")}`;
}

// -1 is no limit; JetStream is off for an account that has none of its limits.
const unlimited = { subs: -1, data: -1, payload: -1, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 };
const jetStream = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };
const accountOf = (limits: object) => ({ type: "account", version: 2, limits });

/** Signs all JWTs with new keys. */
export function signedJwts(): SignedJwts {
  const [operator, account, system] = [nkeys.createOperator(), nkeys.createAccount(), nkeys.createAccount()];
  const accounts = [
    { key: account.getPublicKey(), limits: { ...unlimited, ...jetStream } },
    { key: system.getPublicKey(), limits: unlimited },
  ];
  const preloaded = accounts.map(
    ({ key, limits }) => `  ${key}: ${signed(operator, { sub: key, nats: accountOf(limits) })}`,
  );
  const operatorJwt = signed(operator, { sub: operator.getPublicKey(), nats: { type: "operator", version: 2 } });
  return {
    serverLines: [
      `operator: ${operatorJwt}`,
      `system_account: ${system.getPublicKey()}`,
      "resolver: MEMORY",
      "resolver_preload: {",
      ...preloaded,
      "}",
    ],
    credentialsOf(name, expiresAtSeconds) {
      const user = nkeys.createUser();
      const nats = { type: "user", version: 2, subs: -1, data: -1, payload: -1, pub: {}, sub: {} };
      const exp = expiresAtSeconds === undefined ? {} : { exp: expiresAtSeconds };
      const jwt = signed(account, { sub: user.getPublicKey(), nats, ...exp });
      const seed = text(user.getSeed());
      return [
        "-----BEGIN NATS USER JWT-----",
        jwt,
        "------END NATS USER JWT------",
        "",
        `************************* ${name} *************************`,
        "-----BEGIN USER NKEY SEED-----",
        seed,
        "------END USER NKEY SEED------",
        "",
      ].join("\n");
    },
  };
}
