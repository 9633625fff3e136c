import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { heard } from "@shoal/core/testing/contracts";
import { streams, subjects } from "@shoal/proto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Link } from "../connection/link.ts";
import { readStream } from "../stream/reading.ts";
import { type NatsBench, natsBench } from "../testing/nats-bench.ts";
import { onServer } from "../testing/on-server.ts";
import { ensureTopology } from "../topology/topology.ts";

const makesCertificates = spawnSync("openssl", ["version"]).status === 0;
const known = getCACertificates("default");

onServer(() => {
  describe.skipIf(!makesCertificates && !process.env["CI"])("an encrypted connection (needs openssl)", () => {
    const dir = mkdtempSync(join(tmpdir(), "shoal-tls-"));
    const [keyFile, certFile] = [join(dir, "key.pem"), join(dir, "cert.pem")];
    const rights = { publish: { allow: [">"] }, subscribe: { allow: [">"] } };
    const users = [{ user: "me", password: "secret", rights }];
    let bench: NatsBench;
    let link: Link;

    beforeAll(async () => {
      const names = "subjectAltName=DNS:localhost,IP:127.0.0.1";
      const made = ["-newkey", "ed25519", "-nodes", "-keyout", keyFile, "-out", certFile];
      execFileSync("openssl", ["req", "-x509", ...made, "-subj", "/CN=localhost", "-addext", names], { stdio: "pipe" });
      setDefaultCACertificates([...known, readFileSync(certFile, "utf8")]);
      bench = await natsBench({ users, topology: false, tls: { certFile, keyFile } });
      // By its name: that is what the certificate bears.
      const servers = [`nats://localhost:${bench.server().port}`];
      link = await bench.link({ servers, user: "me", pass: "secret" });
      await ensureTopology(link, { replicas: 1 });
    });
    afterAll(async () => {
      await bench.close();
      setDefaultCACertificates(known);
      rmSync(dir, { recursive: true, force: true });
    });

    it.each([{}, { inOneGo: true }])("reads a stream with %j", async (how) => {
      const subject = subjects.parked(1);
      await link.publisher.publish({ subject, bytes: Buffer.from("hi") });
      const told = heard<string>();
      const from = { at: "behind", seq: 0 } as const;
      const deliver = ({ bytes }: { readonly bytes: Uint8Array }) => told.tell(Buffer.from(bytes).toString());
      const reading = await readStream(link, { ...how, stream: streams.parked, filter: subject, from, deliver });
      expect((await told.atLeast(1))[0]).toBe("hi");
      await reading.close();
    });
  });
});
