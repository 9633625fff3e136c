import { createReadStream } from "node:fs";
import type { IncomingMessage } from "node:http";
import { causeOf, Fault } from "@shoal/core";
import { collectGarbage } from "./collect-garbage.ts";
import { openRequest, shownUrl } from "./get.ts";
import type { Reach } from "./reach.ts";

export interface PutRequest {
  readonly url: URL;
  readonly path: string;
  readonly sizeBytes: number;
  readonly reach: Reach;
  readonly signal: AbortSignal;
}

/** Sends a file with one PUT, streamed. Throws Fault PUBLISH_FAILED unless the server answers 2xx. */
export async function put({ url, path, sizeBytes, reach, signal }: PutRequest): Promise<void> {
  const answered = Promise.withResolvers<IncomingMessage>();
  try {
    const headers = { "content-length": String(sizeBytes) };
    const sent = openRequest({ url, headers, reach, signal, method: "PUT" }, answered.resolve);
    sent.on("error", answered.reject);
    const file = createReadStream(path);
    file.on("error", (failure) => sent.destroy(failure));
    file.on("data", ({ length }) => collectGarbage(length));
    file.pipe(sent);
    const answer = await answered.promise;
    const { statusCode = 0 } = answer;
    answer.resume();
    if (statusCode < 200 || statusCode >= 300) throw new Error(`answered ${statusCode}`);
    if (file.bytesRead < sizeBytes) throw new Error(`answered after ${file.bytesRead} of ${sizeBytes} bytes`);
  } catch (failure) {
    const why = `the results were not stored at ${shownUrl(url)}: ${causeOf(failure).why}`;
    throw new Fault("PUBLISH_FAILED", why, { cause: failure });
  }
}
