import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { heard } from "@shoal/core/testing/contracts";
import { streams, subjects } from "@shoal/proto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect } from "../connection/connect.ts";
import type { Link } from "../connection/link.ts";
import { findServer } from "../server/find-server.ts";
import { serverConfig } from "../server/server-config.ts";
import { readStream } from "../stream/reading.ts";
import { onServer } from "../testing/on-server.ts";
import { ensureTopology } from "../topology/topology.ts";

const makesCertificates = spawnSync("openssl", ["version"]).status === 0;
const known = getCACertificates("default");

onServer(() => {
  describe.skipIf(!makesCertificates && !process.env["CI"])("an encrypted connection (needs openssl)", () => {
    const dir = mkdtempSync(join(tmpdir(), "shoal-tls-"));
    const [key, cert] = [join(dir, "key.pem"), join(dir, "cert.pem")];
    const rights = { publish: { allow: [">"] }, subscribe: { allow: [">"] } };
    const users = [{ user: "me", password: "secret", rights }];
    let kill = (): void => {};
    let port = "";
    let link: Link;

    beforeAll(async () => {
      const names = "subjectAltName=DNS:localhost,IP:127.0.0.1";
      const made = [
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-keyout",
        key,
        "-out",
        cert,
      ];
      execFileSync("openssl", ["req", "-x509", ...made, "-subj", "/CN=localhost", "-addext", names], { stdio: "pipe" });
      setDefaultCACertificates([...known, readFileSync(cert, "utf8")]);
      const config = join(dir, "nats.conf");
      const tls = `tls { cert_file: ${JSON.stringify(cert)}, key_file: ${JSON.stringify(key)} }\n`;
      writeFileSync(config, serverConfig({ dataDir: dir, port: -1, users }) + tls);
      const server = spawn((await findServer()).path, ["-c", config], { stdio: ["ignore", "ignore", "pipe"] });
      kill = () => void server.kill("SIGKILL");
      for await (const line of createInterface({ input: server.stderr })) {
        port = /Listening for client connections on .*:(\d+)$/.exec(line)?.[1] ?? port;
        if (line.includes("Server is ready")) break;
      }
      link = await connect({ servers: [`nats://localhost:${port}`], user: "me", pass: "secret", name: "test" });
      await ensureTopology(link, { replicas: 1 });
    });
    afterAll(async () => {
      await link.close();
      kill();
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
