import { describe, expect, it } from "vitest";
import { domainList } from "./domain-list.ts";

const list = domainList(["Host.example", ".wide.example", "192.0.2.1", "2001:db8::1"]);

describe("a list of domains", () => {
  it.each([
    "host.example",
    "HOST.example.",
    "wide.example",
    "a.b.wide.example",
    "192.0.2.1",
    "[2001:DB8:0::1]",
    "::ffff:192.0.2.1",
  ])("allows %s", (host) => expect(list.allows(host)).toBe(true));

  it.each(["a.host.example", "nohost.example", "xwide.example", "wide.example.org", "192.0.2.2", "2001:db8::2", ""])(
    "does not allow %s",
    (host) => expect(list.allows(host)).toBe(false),
  );
});
