import { readSync, writeSync } from "node:fs";
import { frameHead, frameLengths, prefixBytes } from "./frame.ts";
import type { FileAnswer, FileRequest, Notice, RunRequest } from "./protocol.ts";

/** The channel to the node. Every call blocks, as the guest is the only work of this process. */
export interface Channel {
  emit(notice: Notice, body?: Uint8Array): void;
  ask(request: FileRequest, body?: Uint8Array): { readonly answer: FileAnswer; readonly body: Uint8Array<ArrayBuffer> };
  /** Waits for the only job of this process. */
  job(): { readonly job: RunRequest; readonly body: Uint8Array<ArrayBuffer> };
}

/** Exchanges frames over an inherited descriptor, which Node's permission model allows. */
export function channelOn(descriptor: number): Channel {
  const send = (header: unknown, body?: Uint8Array) => {
    writeAll(descriptor, frameHead(header, body));
    if (body !== undefined) writeAll(descriptor, body);
  };
  return {
    emit: send,
    ask: (request, body) => {
      send(request, body);
      const frame = receive(descriptor);
      // Not checked: the node is the trusted side of this channel, and no schema library is readable here.
      const answer: FileAnswer = JSON.parse(frame.header);
      return { answer, body: frame.body };
    },
    job: () => {
      const frame = receive(descriptor);
      const job: RunRequest = JSON.parse(frame.header);
      return { job, body: frame.body };
    },
  };
}

function receive(descriptor: number) {
  const { headerBytes, bodyBytes } = frameLengths(readExactly(descriptor, prefixBytes));
  const header = new TextDecoder().decode(readExactly(descriptor, headerBytes));
  return { header, body: readExactly(descriptor, bodyBytes) };
}

function readExactly(descriptor: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let filled = 0; filled < length; ) {
    const got = readSync(descriptor, bytes, filled, length - filled, null);
    // The node closed the channel or died.
    if (got === 0) process.kill(process.pid, "SIGKILL");
    filled += got;
  }
  return bytes;
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let sent = 0; sent < bytes.byteLength; ) {
    sent += writeSync(descriptor, bytes, sent, bytes.byteLength - sent);
  }
}
