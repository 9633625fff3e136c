import { expect, it } from "vitest";
import type { Invocation } from "../command.ts";
import { optionsOf } from "../program.ts";
import { logAccessOf } from "./log-access.ts";

const access = (options: Readonly<Record<string, string>>, env: Readonly<Record<string, string>> = {}) =>
  logAccessOf({ args: [], context: { env }, options: optionsOf(options) } as unknown as Invocation);

it("maps the flags to settings, and passes the variables of the connection only", () => {
  const env = { SHOAL_NATS_URL: "nats://a", SHOAL_NATS_CREDENTIALS_FILE: "c", SHOAL_HTTP_PORT: "x", HOME: "/" };
  expect(access({}, env)).toEqual({
    env: { SHOAL_NATS_URL: "nats://a", SHOAL_NATS_CREDENTIALS_FILE: "c" },
    flags: {},
  });
  const given = { nats: "nats://b", nkey: "n", tlsCa: "ca", tlsCert: "cert", tlsKey: "key" };
  expect(access(given).flags).toEqual({
    "nats.url": "nats://b",
    "nats.nkeyFile": "n",
    "nats.caFile": "ca",
    "nats.certFile": "cert",
    "nats.keyFile": "key",
  });
});

it("looks for a devstack when no server is named", () => {
  expect(() => access({ dataDir: "/nowhere" })).toThrow("no devstack has run in /nowhere");
});
