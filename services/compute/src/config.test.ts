import { readConfig, settingsOf, shownConfig } from "@shoal/core";
import { describe, expect, it } from "vitest";
import { ComputeConfig } from "./config.ts";
import { hostVariables } from "./host-variables.ts";

const read = (flags: Readonly<Record<string, unknown>> = {}, env: Readonly<Record<string, string>> = {}) =>
  readConfig(ComputeConfig, { env, flags });

describe("a compute node's config", () => {
  it("needs no settings", () => {
    expect(read()).toMatchObject({ nodeId: "", heartbeatMs: 1_000, capacity: { cpu: "", slots: 1_000 }, labels: [] });
  });

  it("describes every setting", () => {
    for (const { path, description } of settingsOf(ComputeConfig))
      expect([path, description.length > 10]).toEqual([path, true]);
  });

  it("parses lists, amounts and switches", () => {
    const env = { SHOAL_LABELS: "zone=a, gpu=a=b", SHOAL_ALLOW_LISTED_LOCAL_PATHS: "/data/**:ro,/tmp/x:rw" };
    const config = read({ "capacity.cpu": "1500m", "network.reject": "true", "perTask.memory": "50%" }, env);
    expect(config).toMatchObject({
      labels: ["zone=a", "gpu=a=b"],
      allowListedLocalPaths: ["/data/**:ro", "/tmp/x:rw"],
      capacity: { cpu: "1500m" },
      perTask: { memory: "50%" },
      network: { reject: true },
    });
  });

  it.each([
    ["nodeId", "has.dots"],
    ["labels", "zone"],
    ["capacity.memory", "much"],
    ["capacity.cpu", "101%"],
    ["heartbeatMs", 1],
    ["publishers.local.port", 70_000],
    ["allowListedLocalPaths", "data"],
    ["log.level", "loud"],
    ["docker.capabilities", "SYS_ADMIN"],
    ["docker.user", "root; rm"],
    ["docker.diskLimit", "perhaps"],
  ])("refuses %s = %s, by name", (path, value) => {
    const invalid = expect.objectContaining({ code: "CONFIG_INVALID", why: expect.stringContaining(path) });
    expect(() => read({ [path]: value })).toThrow(invalid);
  });

  it("denies containers the host network and all capabilities by default", () => {
    expect(read()).toMatchObject({
      network: { host: false },
      docker: { capabilities: [], user: "", readOnlyRoot: false, diskLimit: "watch" },
    });
    const config = read({
      "docker.capabilities": "CAP_CHOWN, setuid",
      "docker.user": "1000:1000",
      "network.host": "yes",
    });
    expect(config).toMatchObject({
      network: { host: true },
      docker: { capabilities: ["CHOWN", "SETUID"], user: "1000:1000" },
    });
  });

  it("does not print the password", () => {
    const config = read({ "nats.password": "hush" });
    expect(JSON.stringify(shownConfig(ComputeConfig, config))).not.toContain("hush");
  });
});

describe("the host's variables", () => {
  const read = hostVariables({ SEEN_A: "1", SEENXA: "2", A: "3" }, ["SEEN_*", "A", "a.c"]);
  it.each([
    ["SEEN_A", "1"],
    ["A", "3"],
    ["SEENXA", undefined],
    ["SEEN_B", undefined],
    ["AA", undefined],
    ["toString", undefined],
    ["abc", undefined],
  ])("%s reads as %s", (name, value) => {
    expect(read(name)).toBe(value);
  });
});

describe("credentials of the cluster among the host's variables", () => {
  // An NKEY user seed in its usual form, used by no account.
  const seed = `SU${"A".repeat(56)}`;
  const env = {
    SHOAL_NATS_PASSWORD: "hush",
    shoal_nats_password: "hush",
    SHOAL: "hush",
    NATS_CREDS: "/etc/nats.creds",
    NATS_PASSWORD: "hush",
    NKEY: "hush",
    NKEYS: "hush",
    MY_NKEY_SEED: "hush",
    OTHER_SEED: seed,
    WRAPPED: `seed=${seed}\n`,
    CREDS: "-----BEGIN NATS USER JWT-----\nx",
    PLAIN: "plain",
    NATSUME: "a writer",
  };
  const names = Object.keys(env).filter((name) => !["PLAIN", "NATSUME"].includes(name));
  it.each(names)("%s is passed to no task, whatever is allowed", (name) => {
    expect(hostVariables(env, ["*", name])(name)).toBeUndefined();
  });

  it.each(["PLAIN", "NATSUME"] as const)("%s is not one of them", (name) => {
    expect(hostVariables(env, ["*"])(name)).toBe(env[name]);
  });
});
