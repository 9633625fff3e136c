import { Readable } from "node:stream";
import { Bug } from "@shoal/core";
import type Docker from "dockerode";

export interface StreamCall {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly query: Readonly<Record<string, unknown>>;
}

/**
 * Opens an answer of the engine as a stream of any length; resolves when the engine begins to answer. The calls of the
 * client library do not suffice: it buffers an answer that it expects to be short, and never settles the call when the
 * connection breaks meanwhile.
 */
export async function engineStream(docker: Docker, { method, path, query }: StreamCall): Promise<Readable> {
  const answer = await new Promise<unknown>((resolve, reject) => {
    const call = { method, path: `${path}?`, options: { ...query }, isStream: true, statusCodes: { 200: true } };
    docker.modem.dial(call, (failure, response) => (failure === null ? resolve(response) : reject(failure)));
  });
  if (!(answer instanceof Readable)) throw new Bug(`the engine's client returned no stream for ${path}`);
  return answer;
}

/** Reads a stream to its end. Throws when the stream breaks or when `cut` fires first. */
export async function readAll(stream: Readable, cut: AbortSignal, take: (chunk: Uint8Array) => void): Promise<void> {
  const end = () => stream.destroy(new Error("cut off before its end"));
  if (cut.aborted) end();
  cut.addEventListener("abort", end, { once: true });
  try {
    for await (const chunk of stream) take(chunk);
  } finally {
    cut.removeEventListener("abort", end);
    stream.destroy();
  }
}
