/** The address of the API in the global options. */
export interface ApiAddress {
  readonly host: string | undefined;
  readonly port: string | undefined;
}

const fallback = { host: "127.0.0.1", port: "1234" } as const;

/**
 * Lists the requesters' URLs: from options, then environment, then 127.0.0.1:1234. The host may be a comma-separated list; each entry
 * is a host, host:port or full URL. The port applies to entries without one.
 */
export function apiEndpoints(
  { host, port }: ApiAddress,
  env: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const hosts = host || env["SHOAL_API_HOST"] || env["BACALHAU_API_HOST"] || fallback.host;
  const otherPort = port || env["SHOAL_API_PORT"] || env["BACALHAU_API_PORT"] || fallback.port;
  return hosts
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "")
    .map((each) => endpointOf(each, otherPort));
}

function endpointOf(host: string, port: string): string {
  if (/^https?:\/\//i.test(host)) return host;
  const namesPort = /^\[.*\]:\d+$|^[^:]*:\d+$/.test(host);
  // A URL has an IPv6 address in brackets.
  const quoted = host.includes(":") && !host.startsWith("[") && !namesPort ? `[${host}]` : host;
  return `http://${quoted}${namesPort ? "" : `:${port}`}`;
}
