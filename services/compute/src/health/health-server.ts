import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { Fault, type Process } from "@shoal/core";
import { readinessOf } from "@shoal/nats";
import type { NodeHealth } from "./node-health.ts";

/** Where the health endpoints are served; `listen` is host:port, empty disables them. */
export interface HealthServerOptions {
  readonly listen: string;
  readonly health: NodeHealth;
  /** Called with the URL once the server listens. */
  readonly onListening: (url: string) => void;
}

// Supervisors use one or two connections; more are a misconfiguration.
const connectionsMax = 32;
// A health request is small.
const requestMs = 5_000;
const unavailable = 503;

/** Serves `/healthz` and `/readyz`. Throws Fault CONFIG_INVALID when the address is not available. */
export function createHealthServer({ listen, health, onListening }: HealthServerOptions): Process {
  const server = createServer({ requestTimeout: requestMs, headersTimeout: requestMs }, (request, response) => {
    const [path] = (request.url ?? "").split("?");
    const answer = request.method === "GET" ? answers.get(path ?? "") : undefined;
    if (answer === undefined) send(response, 404, { Message: "GET /healthz or /readyz" });
    else send(response, ...answer(health));
  });
  server.maxConnections = connectionsMax;
  return {
    name: "health server",
    async start() {
      if (listen === "") return;
      const { host, port } = addressOf(listen);
      server.listen(port, host);
      await once(server, "listening").catch((failure: Error) => {
        const why = `health.listen ${listen}: ${failure.message}; port 0 selects any free port`;
        throw new Fault("CONFIG_INVALID", why, { cause: failure });
      });
      const address = server.address();
      if (address !== null && typeof address === "object") onListening(`http://${host}:${address.port}`);
    },
    async stop() {
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
    },
  };
}

type HealthAnswer = readonly [status: number, body: object];

const answers: ReadonlyMap<string, (health: NodeHealth) => HealthAnswer> = new Map([
  [
    "/healthz",
    (health): HealthAnswer => (health.alive() ? [200, { Status: "OK" }] : [unavailable, { Status: "STUCK" }]),
  ],
  [
    "/readyz",
    (health): HealthAnswer => {
      const readiness = readinessOf(health.checks());
      return [readiness.Ready ? 200 : unavailable, readiness];
    },
  ],
]);

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(`${JSON.stringify(body)}\n`);
}

/** `127.0.0.1:1235`, `[::1]:1235`. */
function addressOf(listen: string): { readonly host: string; readonly port: number } {
  const colon = listen.lastIndexOf(":");
  return { host: listen.slice(0, colon).replace(/^\[|\]$/g, ""), port: Number(listen.slice(colon + 1)) };
}
