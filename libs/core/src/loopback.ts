// A name or an IPv4 address, or an IPv6 address in brackets (RFC 3986, 3.2.2), and a port.
const authority = /^(\[[0-9a-f:.%a-z]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/i;

/** The name or address in a `Host` header, in lower case and without brackets and port; undefined when the header is malformed. */
export function hostOfHeader(header: string): string | undefined {
  return authority
    .exec(header)?.[1]
    ?.toLowerCase()
    .replace(/^\[|\]$/g, "")
    .replace(/\.$/, "");
}

/** Whether a host, as `hostOfHeader` returns it or as a setting names it, is this machine alone (RFC 1122, 4291 and 6761). */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase();
  if (name === "localhost" || name.endsWith(".localhost") || name === "::1") return true;
  return /^(::ffff:)?127(\.\d{1,3}){3}$/.test(name);
}

/** Whether a host, as `hostOfHeader` returns it, is an IP address: no DNS lookup is needed. */
export const isAddress = (host: string): boolean => host.includes(":") || /^\d{1,3}(\.\d{1,3}){3}$/.test(host);
