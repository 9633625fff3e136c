import { type HostContext, hostFunction } from "../host.ts";

const encoder = new TextEncoder();

/** Arguments and environment. */
export const environment = {
  args_sizes_get: hostFunction(["u32", "u32"], (host, [count, size]) => sizes(host, host.job.args, { count, size })),
  args_get: hostFunction(["u32", "u32"], (host, [list, texts]) => write(host, host.job.args, { list, texts })),
  environ_sizes_get: hostFunction(["u32", "u32"], (host, [count, size]) => sizes(host, host.job.env, { count, size })),
  environ_get: hostFunction(["u32", "u32"], (host, [list, texts]) => write(host, host.job.env, { list, texts })),
};

function sizes({ memory }: HostContext, texts: readonly string[], at: { count: number; size: number }): void {
  memory.setU32(at.count, texts.length);
  memory.setU32(
    at.size,
    texts.reduce((sum, text) => sum + zeroEnded(text).byteLength, 0),
  );
}

function write({ memory }: HostContext, texts: readonly string[], at: { list: number; texts: number }): void {
  let end = at.texts;
  for (const [index, text] of texts.entries()) {
    const bytes = zeroEnded(text);
    memory.setU32(at.list + index * 4, end);
    memory.bytes(end, bytes.byteLength).set(bytes);
    end += bytes.byteLength;
  }
}

const zeroEnded = (text: string): Uint8Array => encoder.encode(`${text}\0`);
