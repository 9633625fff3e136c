import { type LookupAddress, lookup } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";

/** The addresses that inputs may come from, beside those of other machines. */
export interface Reach {
  /** This machine: 127.0.0.0/8 and ::1, where NATS, the engines' APIs and others may listen. */
  readonly loopback: boolean;
  /** Link-local and metadata addresses, where clouds hand out the machine's credentials. */
  readonly linkLocal: boolean;
}

const listOf = (subnets: readonly (readonly [string, number, "ipv4" | "ipv6"])[]): BlockList => {
  const list = new BlockList();
  for (const [net, prefix, family] of subnets) list.addSubnet(net, prefix, family);
  return list;
};

// BlockList compares IPv4 addresses inside IPv6 (::ffff:0:0/96) with the IPv4 subnets. Linux connects to this machine
// for the unspecified address too.
const loopback = listOf([
  ["127.0.0.0", 8, "ipv4"],
  ["0.0.0.0", 8, "ipv4"],
  ["::1", 128, "ipv6"],
  ["::", 128, "ipv6"],
]);
// RFC 3927 and RFC 4291, then metadata services elsewhere: EC2 over IPv6, Alibaba Cloud, and 169.254.0.0/16 behind the
// translation prefixes of RFC 6052 and RFC 3056.
const linkLocal = listOf([
  ["169.254.0.0", 16, "ipv4"],
  ["fe80::", 10, "ipv6"],
  ["fd00:ec2::254", 128, "ipv6"],
  ["100.100.100.200", 32, "ipv4"],
  ["64:ff9b::a9fe:0", 112, "ipv6"],
  ["2002:a9fe::", 32, "ipv6"],
]);

/** Why this node does not connect to an IP address, or undefined when it does. */
export function unreachable(address: string, reach: Reach): string | undefined {
  const family = isIP(address) === 6 ? "ipv6" : "ipv4";
  if (!reach.loopback && loopback.check(address, family))
    return `${address} is this node's own machine, and outbound.loopback is off`;
  if (!reach.linkLocal && linkLocal.check(address, family))
    return `${address} is a link-local or metadata address, and outbound.linkLocal is off`;
  return undefined;
}

/** The same for a URL whose host is an IP address; a host name is checked when it is resolved, by `guardedLookup`. */
export function unreachableUrl(url: URL, reach: Reach): string | undefined {
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  return isIP(host) === 0 ? undefined : unreachable(host, reach);
}

/** Resolves host names to the reachable ones of their addresses: the check and the connection use the same answer. */
export function guardedLookup(reach: Reach): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (failure, found) => {
      if (failure !== null) return callback(failure, []);
      const addresses = found.filter(({ address }) => unreachable(address, reach) === undefined);
      const [first] = addresses;
      if (first === undefined) return callback(new UnreachableError(refusal(hostname, found, reach)), []);
      if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

/** A host name that resolves only to addresses that this node does not connect to. */
export class UnreachableError extends Error {
  override readonly name = "UnreachableError";
}

function refusal(hostname: string, [first]: readonly LookupAddress[], reach: Reach): string {
  const why = first === undefined ? "no address" : unreachable(first.address, reach);
  return `${hostname} resolves to ${why}`;
}
