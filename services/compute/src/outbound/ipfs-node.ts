import { causeOf, Fault } from "@shoal/core";
import { z } from "zod";

const multiaddr = /^\/(ip4|ip6|dns|dns4|dns6)\/([^/]+)\/tcp\/(\d{1,5})(?:\/(http|https))?\/?$/;

/** The URL of an IPFS node's RPC API, from its multiaddr or a URL; undefined for something else. */
export function ipfsApiUrl(address: string): URL | undefined {
  const [, protocol, host, port, scheme = "http"] = multiaddr.exec(address) ?? [];
  const text = protocol === undefined ? address : `${scheme}://${protocol === "ip6" ? `[${host}]` : host}:${port}`;
  const url = URL.parse(text);
  return url !== null && ["http:", "https:"].includes(url.protocol) ? url : undefined;
}

/** The RPC API of the IPFS node that this node uses (`/api/v0` of Kubo). */
export interface IpfsNode {
  /** Why the node cannot be used now, or undefined when it can. Never throws. */
  unavailable(): Promise<string | undefined>;
  /** The bytes of a block, of at most `blockMaxBytes`, as the node sent them: not verified. */
  block(cid: string, signal: AbortSignal): Promise<Buffer>;
  /** Adds and pins the files of a form with multipart/form-data. Returns what was added, the files first. */
  add(form: IpfsForm, signal: AbortSignal): Promise<readonly { readonly name: string; readonly cid: string }[]>;
}

export interface IpfsForm {
  readonly contentType: string;
  readonly body: AsyncIterable<Uint8Array>;
}

// IPFS nodes exchange blocks of at most 2 MiB (Bitswap).
const blockMaxBytes = 2 * 1024 * 1024;
// The time after which HTTP clients usually give up on a silent server. A block that no peer sends by then fails with
// its reason, rather than after minutes.
const blockMsDefault = 30_000;
// A node on the same machine or network answers in milliseconds.
const checkMs = 2_000;

const Added = z.object({ Name: z.string(), Hash: z.string() });
const Refused = z.object({ Message: z.string() });

/** Speaks with an IPFS node at an address; an empty one makes it unavailable. A block may take `blockMs`. */
export function ipfsNode(address: string, { blockMs = blockMsDefault } = {}): IpfsNode {
  async function call(command: string, query: Readonly<Record<string, string>>, init: RequestInit): Promise<Response> {
    const api = ipfsApiUrl(address);
    if (api === undefined) throw new Error("ipfs.connect names no IPFS node");
    const url = new URL(`/api/v0/${command}?${new URLSearchParams(query)}`, api);
    // The API takes POST only, so that no page of a browser uses it.
    const answer = await fetch(url, { ...init, method: "POST", redirect: "error" }).catch(rejectWithCause);
    if (answer.ok) return answer;
    const refused = Refused.safeParse(await answer.json().catch(() => undefined));
    throw new Error(refused.success ? refused.data.Message : `the IPFS node answered ${answer.status}`);
  }
  return {
    async unavailable() {
      if (address === "") return "ipfs.connect names no IPFS node";
      try {
        await (await call("version", {}, { signal: AbortSignal.timeout(checkMs) })).text();
        return undefined;
      } catch (failure) {
        return `the IPFS node at ${address} does not answer: ${causeOf(failure).why}`;
      }
    },
    async block(cid, signal) {
      const limit = AbortSignal.timeout(blockMs);
      try {
        // The node ends its search with the request.
        const answer = await call("block/get", { arg: cid }, { signal: AbortSignal.any([signal, limit]) });
        return await wholeBlock(cid, answer);
      } catch (failure) {
        if (!limit.aborted || signal.aborted) throw failure;
        throw new Error(`the IPFS node did not have it within ${blockMs / 1000} s: no peer that it reaches sent it`);
      }
    },
    async add({ contentType, body }, signal) {
      const query = { "cid-version": "1", "raw-leaves": "true", pin: "true", quieter: "false", progress: "false" };
      const sent = {
        body: ReadableStream.from(body),
        duplex: "half" as const,
        headers: { "content-type": contentType },
      };
      const answer = await call("add", query, { ...sent, signal });
      const lines = (await answer.text()).split("\n").filter((line) => line !== "");
      return lines.map((line) => {
        const { Name: name, Hash: cid } = Added.parse(JSON.parse(line));
        return { name, cid };
      });
    },
  };
}

/** `fetch` hides why a connection failed behind "fetch failed". */
function rejectWithCause(failure: unknown): never {
  const { cause } = failure instanceof TypeError ? failure : {};
  throw cause instanceof Error && cause.message !== "" ? cause : failure;
}

async function wholeBlock(cid: string, { body }: Response): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    if (bytes > blockMaxBytes)
      throw new Fault("INPUT_UNAVAILABLE", `block ${cid} has more than ${blockMaxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
