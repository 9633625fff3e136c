import { type Clock, causeOf } from "@shoal/core";
import { publisherParams } from "@shoal/proto";
import { diskFault } from "../../disk-fault.ts";
import { archive } from "../archive/archive.ts";
import type { Publisher } from "../publisher.ts";
import { createFileStore } from "./file-store.ts";
import { type ResultServer, serveResults } from "./server.ts";

const LocalPublisherParams = publisherParams.local;

export interface LocalPublisherOptions {
  readonly clock: Clock;
  /** The folder of the results; created when it does not exist. */
  readonly folder: string;
  readonly address: string;
  /** The host name in links when the address means all addresses of the machine. */
  readonly machine: string;
  /** 0 selects any free port, and the same port after a restart when it is still free. */
  readonly port: number;
  readonly keepMs: number;
  readonly keepBytes: number;
  /** Limit of all files of one result together, in bytes. */
  readonly limitBytes: number;
}

/**
 * Stores results on this node and serves them over HTTP to every client that has the link, until they expire or exceed
 * the limit.
 */
export function local(options: LocalPublisherOptions): Publisher {
  const { clock, folder, address, machine, port, keepMs, keepBytes, limitBytes } = options;
  const fileStore = createFileStore({ folder, clock, keepMs, keepBytes });
  let serving: Promise<ResultServer> | undefined;
  // Publishing starts after the server listens, so every unfinished file at this point is from an earlier process.
  const serve = async () => {
    await fileStore.begin();
    return serveResults({ fileStore, folder, address, port });
  };
  // A failed start is retried at the next check.
  const server = () => {
    serving ??= serve().catch((failure: unknown) => {
      serving = undefined;
      throw failure;
    });
    return serving;
  };
  return {
    name: "local",
    params: LocalPublisherParams,
    unavailable: async () => {
      try {
        await server();
        return undefined;
      } catch (failure) {
        return causeOf(failure).why;
      }
    },
    publish: async ({ executionId, folder: results, signal }) => {
      const name = `${executionId}.tar.gz`;
      const at = await server();
      try {
        if (!(await fileStore.has(name))) await fileStore.put(name, archive(results, { limitBytes, signal }));
        await fileStore.sweep();
      } catch (failure) {
        throw diskFault(folder, failure, "PUBLISH_FAILED");
      }
      return {
        type: "urlDownload",
        params: { URL: `http://${hostOf(wildcards.includes(address) ? machine : address)}:${at.port}/${name}` },
      };
    },
    close: async () => {
      const open = await serving?.catch(() => undefined);
      serving = undefined;
      await open?.close();
    },
  };
}

// As a listen address these mean every address of the machine; as a destination they are invalid.
const wildcards: readonly string[] = ["0.0.0.0", "::"];

/** The form of a host in a URL. */
const hostOf = (address: string): string => (address.includes(":") ? `[${address}]` : address);
