import { readSync, writevSync } from "node:fs";
import { frameHead, frameLengths, prefixBytes } from "./frame.ts";
import type { FileAnswer, FileRequest, HttpCall, Notice, RunRequest } from "./protocol.ts";

/** The channel to the node. Every call blocks, as the guest is the only work of this process. */
export interface Channel {
  emit(notice: Notice, body?: Uint8Array): void;
  ask(
    request: FileRequest | HttpCall,
    body?: Uint8Array,
  ): { readonly answer: FileAnswer; readonly body: Uint8Array<ArrayBuffer> };
  /** Waits for the only job of this process. */
  job(): { readonly job: RunRequest; readonly body: Uint8Array<ArrayBuffer> };
}

/**
 * Exchanges frames over an inherited descriptor, which Node's permission model allows. `onClosed` ends the guest when the node has closed
 * the channel, or died.
 */
export function channelOn(descriptor: number, onClosed: () => never): Channel {
  const send = (header: unknown, body: Uint8Array = new Uint8Array(0)) => {
    writeAll(descriptor, [frameHead(header, body), body]);
  };
  const receive = () => {
    const { headerBytes, bodyBytes } = frameLengths(readExactly(descriptor, prefixBytes, onClosed));
    const header = new TextDecoder().decode(readExactly(descriptor, headerBytes, onClosed));
    return { header, body: readExactly(descriptor, bodyBytes, onClosed) };
  };
  return {
    emit: send,
    ask: (request, body) => {
      send(request, body);
      const frame = receive();
      // Not checked: the node is the trusted side of this channel, and no schema library is readable here.
      const answer: FileAnswer = JSON.parse(frame.header);
      return { answer, body: frame.body };
    },
    job: () => {
      const frame = receive();
      const job: RunRequest = JSON.parse(frame.header);
      return { job, body: frame.body };
    },
  };
}

function readExactly(descriptor: number, length: number, onClosed: () => never): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let filled = 0; filled < length; ) {
    const got = readSync(descriptor, bytes, filled, length - filled, null);
    if (got === 0) onClosed();
    filled += got;
  }
  return bytes;
}

/** Writes a frame in one call: a thread that is ended between two calls would leave half a frame. */
function writeAll(descriptor: number, parts: readonly Uint8Array[]): void {
  let left = parts.filter(({ byteLength }) => byteLength > 0);
  while (left.length > 0) {
    let sent = writevSync(descriptor, left);
    left = left.flatMap((part) => {
      const skipped = Math.min(sent, part.byteLength);
      sent -= skipped;
      return skipped < part.byteLength ? [part.subarray(skipped)] : [];
    });
  }
}
