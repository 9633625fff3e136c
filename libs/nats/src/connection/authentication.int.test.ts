import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nkeys } from "@nats-io/nats-core";
import { record } from "@shoal/core/testing/contracts";
import { systemClock, systemRandom } from "@shoal/node";
import { streams, subjects } from "@shoal/proto";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { readToEnd } from "../stream/read-to-end.ts";
import { type NatsHarness, natsHarness } from "../testing/nats-harness.ts";
import { onServer } from "../testing/on-server.ts";
import { signedJwts } from "../testing/signed-jwts.ts";
import { ensureTopology } from "../topology/topology.ts";
import { type ConnectOptions, connect } from "./connect.ts";

const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;

onServer(() => {
  const folder = mkdtempSync(join(tmpdir(), "shoal-authentication-"));
  let harness: NatsHarness | undefined;
  afterEach(async () => {
    await harness?.close();
    harness = undefined;
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const fileWith = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const started = async (lines: readonly string[]): Promise<NatsHarness> => {
    harness = await natsHarness({ topology: false, lines });
    return harness;
  };
  /** Writes and reads over the first connection and a second one: both have to authenticate. */
  async function connects(on: NatsHarness, options: Partial<ConnectOptions>): Promise<void> {
    const session = await on.session(options);
    await ensureTopology(session, { replicas: 1 });
    const subject = subjects.parked(1);
    expect(await session.publisher.publish({ subject, bytes: Buffer.from("hi") })).toMatchObject({ state: "stored" });
    const texts: string[] = [];
    const deliver = ({ bytes }: { readonly bytes: Uint8Array }) => texts.push(Buffer.from(bytes).toString());
    const place = { stream: streams.parked, filter: subject, from: { at: "behind", seq: 0 } } as const;
    await readToEnd(session, { ...place, ownConnection: true, deliver });
    expect(texts).toEqual(["hi"]);
  }
  const failureOf = (on: NatsHarness, options: Partial<ConnectOptions>) =>
    connect({
      clock: systemClock(),
      random: systemRandom,
      servers: [on.server().url],
      name: "test",
      patienceMs: 0,
      ...options,
    }).then(
      () => expect.unreachable("it was let in"),
      (failure: unknown) => failure,
    );

  describe("a token", () => {
    it("opens the connection, from the options or a file", async () => {
      const on = await started([`authorization { token: "s3cret" }`]);
      await connects(on, { token: "s3cret" });
      await on.session({ tokenFile: fileWith("token", "s3cret\n") });
      expect(await failureOf(on, { token: "wrong" })).toMatchObject({ code: "NATS_REFUSED" });
    });
  });

  describe("an NKey", () => {
    it("opens the connection; another one is refused with its public key", async () => {
      const [user, other] = [nkeys.createUser(), nkeys.createUser()];
      const on = await started([`authorization { users: [ { nkey: ${user.getPublicKey()} } ] }`]);
      await connects(on, { nkeyFile: fileWith("user.nk", Buffer.from(user.getSeed()).toString()) });
      const seed = Buffer.from(other.getSeed()).toString();
      const failure = await failureOf(on, { nkeyFile: fileWith("other.nk", `${other.getPublicKey()}\n${seed}\n`) });
      expect(failure).toMatchObject({ code: "NATS_REFUSED", message: expect.stringContaining(other.getPublicKey()) });
      expect(String(failure)).not.toContain(seed);
    });
  });

  describe("a credentials file", () => {
    it("opens the connection with its JWT, with any line ends", async () => {
      const jwts = signedJwts();
      const on = await started(jwts.serverLines);
      await connects(on, { credentialsFile: fileWith("user.creds", jwts.credentialsOf("me")) });
      await on.session({ credentialsFile: fileWith("dos.creds", jwts.credentialsOf("me").replaceAll("\n", "\r\n")) });
    });
    it("of another operator, or that has expired, is refused", async () => {
      const jwts = signedJwts();
      const on = await started(jwts.serverLines);
      const late = fileWith("late.creds", jwts.credentialsOf("late", 1_700_000_001));
      const foreign = fileWith("foreign.creds", signedJwts().credentialsOf("foreign"));
      for (const credentialsFile of [late, foreign])
        expect(await failureOf(on, { credentialsFile })).toMatchObject({
          code: "NATS_REFUSED",
          message: expect.stringContaining(credentialsFile),
        });
    });
    it("that is replaced applies to the next connection, without a restart", async () => {
      const jwts = signedJwts();
      const on = await started(jwts.serverLines);
      const credentialsFile = fileWith("rotated.creds", jwts.credentialsOf("first"));
      const session = await on.session({ credentialsFile });
      const user = async () =>
        (await session.nc.request("$SYS.REQ.USER.INFO")).json<{ data: { user: string } }>().data.user;
      const first = await user();
      const ups = record<boolean>();
      session.onChange(ups.push);
      fileWith("rotated.creds", jwts.credentialsOf("second"));
      await on.crash();
      await ups.first((up) => up);
      const second = await user();
      expect(second).toMatch(/^U/);
      expect(second).not.toBe(first);
    });
  });

  describe.skipIf(!hasOpenssl && !process.env["CI"])("certificates (needs openssl)", () => {
    const path = (name: string) => join(folder, name);
    const openssl = (...args: readonly string[]) => execFileSync("openssl", args, { stdio: "pipe", cwd: folder });
    const names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
    const newKey = (name: string) => ["-newkey", "ed25519", "-nodes", "-keyout", `${name}.key`, "-subj", `/CN=${name}`];
    beforeAll(() => {
      for (const ca of ["ca", "other-ca"]) openssl("req", "-x509", ...newKey(ca), "-out", `${ca}.pem`);
      const issue = (name: string, ca: string) => {
        openssl("req", ...newKey(name), ...names, "-out", `${name}.csr`);
        const by = ["-CA", `${ca}.pem`, "-CAkey", `${ca}.key`, "-CAcreateserial", "-copy_extensions", "copy"];
        openssl("x509", "-req", "-in", `${name}.csr`, ...by, "-out", `${name}.pem`);
      };
      issue("server", "ca");
      issue("client", "ca");
      issue("stranger", "other-ca");
      for (const name of ["client", "stranger"]) chmodSync(path(`${name}.key`), 0o600);
    });
    const tls = (more: string) =>
      `tls { cert_file: "${path("server.pem")}", key_file: "${path("server.key")}", ca_file: "${path("ca.pem")}", ${more} }`;
    // By name, because the certificate is checked for it.
    const serversOf = (on: NatsHarness, scheme = "nats") => [`${scheme}://localhost:${on.server().port}`];
    const pair = (name: string) => ({ certFile: path(`${name}.pem`), keyFile: path(`${name}.key`) });

    it("of the configured authority are trusted, and no others", async () => {
      const on = await started([tls("verify: false")]);
      const servers = serversOf(on);
      await connects(on, { servers, caFile: path("ca.pem") });
      expect(await failureOf(on, { servers, caFile: path("other-ca.pem") })).toMatchObject({ code: "LOG_UNREACHABLE" });
      expect(await failureOf(on, { servers })).toMatchObject({ code: "LOG_UNREACHABLE" });
    });
    it("of the client are shown to a server that verifies them", async () => {
      const on = await started([tls("verify: true")]);
      const trusted = { servers: serversOf(on), caFile: path("ca.pem") };
      await connects(on, { ...trusted, ...pair("client") });
      for (const client of [pair("stranger"), {}])
        expect(await failureOf(on, { ...trusted, ...client })).toMatchObject({ code: "LOG_UNREACHABLE" });
    });
    it("of the client authenticate a user where the server maps them", async () => {
      const on = await started([tls("verify_and_map: true"), `authorization { users: [ { user: "CN=client" } ] }`]);
      const trusted = { servers: serversOf(on), caFile: path("ca.pem") };
      await connects(on, { ...trusted, ...pair("client") });
    });
    it("are required of a server with a tls:// URL", async () => {
      const on = await started([]);
      expect(await failureOf(on, { servers: serversOf(on, "tls") })).toMatchObject({
        code: "LOG_UNREACHABLE",
        message: expect.stringContaining("tls"),
      });
    });
  });
});
