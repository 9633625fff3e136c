import { request } from "node:http";
import { json } from "node:stream/consumers";

/** Reads a resource of the engine's API, as parsed JSON. Rejects like the client library, with the engine's status and message. */
export type EngineReader = (path: string, headers?: Readonly<Record<string, string>>) => Promise<unknown>;

/**
 * Reads without the client library, which takes a second of CPU time and 30 MiB to load: a node asks for the engine's
 * version and its containers all the time, and most nodes run no container.
 */
export function engineReader(socketPath: string): EngineReader {
  return (path, headers = {}) =>
    new Promise((resolve, reject) => {
      // A connection for each call: a kept one would break when the engine restarts.
      const call = request({ socketPath, path, agent: false, headers: { ...headers, host: "docker" } }, (response) => {
        const { statusCode = 0 } = response;
        json(response).then((answer) => {
          if (statusCode === 200) resolve(answer);
          else reject(Object.assign(new Error(`the engine answered ${statusCode}`), { statusCode, json: answer }));
        }, reject);
      });
      call.once("error", reject);
      call.end();
    });
}
