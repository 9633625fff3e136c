import { lookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";
import { CliError } from "../failure.ts";

// The addresses of the machine itself (RFC 1122, RFC 4291).
const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");
loopback.addSubnet("0.0.0.0", 8, "ipv4");
loopback.addAddress("::", "ipv6");
// One network segment (RFC 3927, RFC 4291): clouds serve the credentials of a machine there.
const linkLocal = new BlockList();
linkLocal.addSubnet("169.254.0.0", 16, "ipv4");
linkLocal.addSubnet("fe80::", 10, "ipv6");

const isIn = (list: BlockList, address: string): boolean => list.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");

/** Resolves the host of a URL to addresses. Empty when that fails: a download from it fails too. */
async function addressesOf({ hostname }: URL): Promise<readonly string[]> {
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  if (isIP(host) !== 0) return [host];
  const found = await lookup(host, { all: true }).catch(() => []);
  return found.map(({ address }) => address);
}

/** Parses the address of a result. A node reports it, so only HTTP URLs without credentials are accepted. Throws CliError. */
export function resultAddress(given: unknown): URL {
  const url = URL.parse(String(given));
  if (url === null || !["http:", "https:"].includes(url.protocol)) {
    throw new CliError("RESULT_NOT_FOUND", `the result's address is not an HTTP URL: ${JSON.stringify(given)}`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new CliError("RESULT_NOT_FOUND", `the result's address at ${url.host} contains a user or a password`, "");
  }
  return url;
}

/**
 * The reason not to fetch a result; undefined when there is none. A malicious node could make this machine call services that only it can
 * reach: on its loopback and on its network segment. Loopback is allowed when the cluster runs on this machine too.
 */
export async function addressProblem(url: URL, endpoints: readonly string[]): Promise<string | undefined> {
  if (endpoints.some((endpoint) => URL.parse(endpoint)?.origin === url.origin)) return undefined;
  const addresses = await addressesOf(url);
  if (addresses.some((address) => isIn(linkLocal, address)))
    return "a link-local address, where a machine's own credentials are served";
  if (!addresses.some((address) => isIn(loopback, address))) return undefined;
  for (const endpoint of endpoints) {
    const own = URL.parse(endpoint);
    if (own !== null && (await addressesOf(own)).some((address) => isIn(loopback, address))) return undefined;
  }
  return "an address of this machine itself, and the cluster is not on this machine";
}
