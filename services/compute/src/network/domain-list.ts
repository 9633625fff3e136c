import { BlockList, isIP } from "node:net";

/** The `Domains` of a task with network `http`. */
export interface DomainList {
  /** Whether the list has this host: by its name, by a domain above it (`.example.org`), or as this address. */
  allows(host: string): boolean;
  /** Whether the list has this IP address itself. */
  namesAddress(address: string): boolean;
}

/** Reads a list of host names, domains with a leading dot, and IP addresses; letter case is ignored. */
export function domainList(domains: readonly string[]): DomainList {
  const addresses = new BlockList();
  const names = new Set<string>();
  const parents: string[] = [];
  for (const domain of domains.map(plainHost)) {
    if (isIP(domain) !== 0) addresses.addAddress(domain, familyOf(domain));
    else if (domain.startsWith(".")) parents.push(domain);
    else names.add(domain);
  }
  const namesAddress = (address: string) => isIP(address) !== 0 && addresses.check(address, familyOf(address));
  return {
    namesAddress,
    allows(text) {
      const host = plainHost(text);
      if (isIP(host) !== 0) return namesAddress(host);
      return names.has(host) || parents.some((parent) => `.${host}`.endsWith(parent));
    },
  };
}

/** The family of an IP address, as BlockList names it. */
export const familyOf = (address: string): "ipv4" | "ipv6" => (isIP(address) === 6 ? "ipv6" : "ipv4");

/** A host in lower case, without the brackets of an IPv6 address and the dot that ends a full name. */
export const plainHost = (host: string): string =>
  host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, "$1")
    .replace(/\.$/, "");
