import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { runCli } from "../run-cli.ts";

/** An answer other than JSON with status 200. */
class FakeAnswer {
  readonly status: number;
  readonly type: string;
  readonly text: string;

  constructor(status: number, text: string, type = "application/json") {
    this.status = status;
    this.text = text;
    this.type = type;
  }
}

/** An error answer of the API. */
export const refusal = (status: number, code: string, message: string): FakeAnswer =>
  new FakeAnswer(status, JSON.stringify({ Status: status, Code: code, Message: message, Hint: "a hint" }));

/** Events of the feed, each with its data. The connection closes after them. */
export const feedOf = (...events: readonly (readonly [type: string, data: object])[]): FakeAnswer =>
  new FakeAnswer(
    200,
    events.map(([type, data], index) => message(index + 1, type, data)).join(""),
    "text/event-stream",
  );

function message(seq: number, type: string, data: object): string {
  const envelope = { specversion: "1.0", source: "/requesters/r", subject: "jobs/default/j-1" };
  const event = { ...envelope, id: `${seq}.0`, type: `shoal.${type}`, time: "2026-01-01T00:00:00Z", data };
  return `id: ${seq}.0\ndata: ${JSON.stringify(event)}\n\n`;
}

/** The outcome of a command line. */
export interface CliRun {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A requester on the loopback that answers from a table, and the command line that calls it. */
export interface FakeRequester {
  readonly url: string;
  /** `METHOD path?query` of each call so far, without /api/v1. */
  readonly calls: string[];
  /** The JSON bodies of the calls that had one. */
  readonly bodies: unknown[];
  /** Runs a command line against this requester. */
  shoal(...args: readonly string[]): Promise<CliRun>;
  close(): Promise<void>;
}

/**
 * Starts a fake requester. `answers` has keys `METHOD path`, without /api/v1; a function answers by the path with its
 * query. Other calls are answered with 404.
 */
export async function fakeRequester(answers: Readonly<Record<string, unknown>>): Promise<FakeRequester> {
  const calls: string[] = [];
  const bodies: unknown[] = [];
  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      const path = (request.url ?? "").replace("/api/v1", "");
      calls.push(`${request.method} ${decodeURIComponent(path)}`);
      if (body !== "") bodies.push(JSON.parse(body));
      const given = answers[`${request.method} ${path.split("?")[0]}`];
      const shown: unknown = typeof given === "function" ? given(path) : given;
      answer(response, shown ?? refusal(404, "NotFound", "not in the table"));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  const url = `http://127.0.0.1:${address.port}`;
  return {
    url,
    calls,
    bodies,
    shoal: (...args) => runWith({ SHOAL_API_HOST: url }, args),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** Runs a command line with this environment, on a terminal that records its output. */
export async function runWith(env: Readonly<Record<string, string>>, args: readonly string[]): Promise<CliRun> {
  const out: string[] = [];
  const err: string[] = [];
  const terminal = {
    out: (text: string) => void out.push(text),
    err: (text: string) => void err.push(text),
    colours: false,
    isPerson: false,
  };
  const code = await runCli(args, { terminal, env });
  return { code, out: out.join(""), err: err.join("") };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces).toString();
}

function answer(response: ServerResponse, given: unknown): void {
  const { status, type, text } = given instanceof FakeAnswer ? given : new FakeAnswer(200, JSON.stringify(given));
  response.writeHead(status, { "content-type": type });
  response.end(text);
}
