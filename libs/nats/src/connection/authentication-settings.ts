/** The servers' URLs and the client's credentials: at most one of user, token, credentials file and NKey. */
export interface AuthenticationSettings {
  /** URLs; the first may contain a user and password. tls:// refuses a server without TLS. */
  readonly servers: readonly string[];
  readonly user?: string | undefined;
  readonly pass?: string | undefined;
  /** A file with the password, in place of `pass`. */
  readonly passwordFile?: string | undefined;
  readonly token?: string | undefined;
  /** A file with the token, in place of `token`. */
  readonly tokenFile?: string | undefined;
  /** A file with a JWT and the seed of its key (`.creds`). */
  readonly credentialsFile?: string | undefined;
  /** A file with the seed of an NKey. */
  readonly nkeyFile?: string | undefined;
  /** Certificates of the trusted authorities in PEM; Node's own list when left out. */
  readonly caFile?: string | undefined;
  /** The client's certificate and its key in PEM. */
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
}

/** A conflict between settings: the setting, and a message with the fix. */
export interface SettingsProblem {
  readonly setting: string;
  readonly message: string;
}

/** The user and password in the first URL; undefined when there is none. */
export function userInUrl([first = ""]: readonly string[]):
  | { readonly user: string; readonly pass: string }
  | undefined {
  const url = URL.parse(first);
  if (url === null || url.username === "") return undefined;
  return { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) };
}

/** The authentication methods, which exclude each other, and the settings of each. */
const ways = [
  ["user", ["user"]],
  ["token", ["token", "tokenFile"]],
  ["credentials", ["credentialsFile"]],
  ["nkey", ["nkeyFile"]],
] as const;

/** The first conflict between settings; undefined when there is none. */
export function authenticationProblem(settings: AuthenticationSettings): SettingsProblem | undefined {
  const isSet = (key: keyof AuthenticationSettings) => settings[key] !== undefined;
  const found = ways.flatMap(([, keys]) => keys.filter(isSet).slice(0, 1));
  const inUrl = userInUrl(settings.servers) !== undefined;
  const [first, second] = found;
  const problem = (key: string, message: string) => ({ setting: `nats.${key}`, message });
  if (first !== undefined && second !== undefined)
    return problem(second, `expected one way to authenticate, got nats.${first} and nats.${second}; remove one`);
  if (inUrl && first !== undefined && first !== "user")
    return problem(first, `expected one way to authenticate, got nats.${first} and a user in nats.url; remove one`);
  if (isSet("token") && isSet("tokenFile"))
    return problem("tokenFile", "expected nats.token or nats.tokenFile, got both; remove one");
  if (isSet("pass") && isSet("passwordFile"))
    return problem("passwordFile", "expected nats.password or nats.passwordFile, got both; remove one");
  if (isSet("passwordFile") && !isSet("user") && !inUrl)
    return problem("passwordFile", "expected nats.user to be set as well, got none; set nats.user");
  if (isSet("certFile") !== isSet("keyFile")) {
    const [there, missing] = isSet("certFile") ? ["certFile", "keyFile"] : ["keyFile", "certFile"];
    return problem(there, `expected nats.${missing} to be set as well, got none; set both or neither`);
  }
  return undefined;
}
