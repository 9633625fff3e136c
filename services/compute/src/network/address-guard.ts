import { type LookupAddress, lookup } from "node:dns";
import { BlockList, type LookupFunction } from "node:net";
import { type Reach, UnreachableError, unreachable } from "../outbound/reach.ts";
import { type DomainList, familyOf } from "./domain-list.ts";

// Private, shared, benchmark, multicast and reserved networks (RFC 6890, RFC 4193, RFC 4291), then those of IPv4 behind
// the translation prefix 64:ff9b::/96 (RFC 6052). Loopback and link-local addresses are those of `unreachable`.
const internal = new BlockList();
for (const [net, prefix] of [
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
  ["fc00::", 7],
  ["fec0::", 10],
  ["ff00::", 8],
  ["64:ff9b::", 104],
  ["64:ff9b::a00:0", 104],
  ["64:ff9b::7f00:0", 104],
  ["64:ff9b::6440:0", 106],
  ["64:ff9b::ac10:0", 108],
  ["64:ff9b::c0a8:0", 112],
  ["64:ff9b:1::", 48],
] as const)
  internal.addSubnet(net, prefix, familyOf(net));

const nothing: Reach = { loopback: false, linkLocal: false };

/**
 * Why a task with these domains may not reach an IP address, or undefined when it may. An internal address must be in
 * the list itself, not only a name that resolves to it; addresses of the node's own machine also need `outbound`.
 */
export function addressProblem(address: string, domains: DomainList, reach: Reach): string | undefined {
  if (domains.namesAddress(address)) return unreachable(address, reach);
  const isInternal = internal.check(address, familyOf(address)) || unreachable(address, nothing) !== undefined;
  return isInternal ? `${address} is an internal address, which the task's Domains do not list` : undefined;
}

/** Resolves a host name like `dns.lookup`. */
export type Resolve = (
  hostname: string,
  options: { readonly all: true },
  callback: (failure: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * Resolves host names to those of their addresses that `problem` allows: the check and the connection use the same
 * answer, so a name that changes its address in between gains nothing.
 */
export function guardedResolve(
  problem: (address: string) => string | undefined,
  resolve: Resolve = lookup,
): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { all: true }, (failure, found) => {
      if (failure !== null) return callback(failure, []);
      const allowed = found.filter(({ address }) => problem(address) === undefined);
      const [first] = allowed;
      if (first === undefined) {
        const why = found[0] === undefined ? "no address" : problem(found[0].address);
        return callback(new UnreachableError(`${hostname} resolves to ${why}`), []);
      }
      if (options.all === true) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}
