import { type Clock, causeOf } from "@shoal/core";
import { z } from "zod";
import { diskFault } from "../../disk-fault.ts";
import { archive } from "../archive/archive.ts";
import type { Publisher } from "../publisher.ts";
import { createFileStore } from "./file-store.ts";
import { type ResultServer, serveResults } from "./server.ts";

export interface LocalPublisherOptions {
  readonly clock: Clock;
  /** Where results are kept; made when it is not there. */
  readonly folder: string;
  readonly address: string;
  /** What links name where the address stands for all of the machine's. */
  readonly machine: string;
  /** 0 takes any free port, and the same one after a restart where it is still free. */
  readonly port: number;
  readonly keepMs: number;
  readonly keepBytes: number;
  /** The most bytes that the files of one result may hold together. */
  readonly limitBytes: number;
}

/** Keeps results on this node and serves them over HTTP to whoever has the link, until they are too old or too many. */
export function local(options: LocalPublisherOptions): Publisher {
  const { clock, folder, address, machine, port, keepMs, keepBytes, limitBytes } = options;
  const fileStore = createFileStore({ folder, clock, keepMs, keepBytes });
  let serving: Promise<ResultServer> | undefined;
  // Nothing is published before it serves, so that whatever is unfinished by then was left by a process that has died.
  const serve = async () => {
    await fileStore.begin();
    return serveResults({ fileStore, folder, address, port });
  };
  // Tried again at the next question when it could not be had.
  const server = () => {
    serving ??= serve().catch((failure: unknown) => {
      serving = undefined;
      throw failure;
    });
    return serving;
  };
  return {
    name: "local",
    params: z.strictObject({}),
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

// Listened on, they mean every address of the machine; connected to, none.
const wildcards: readonly string[] = ["0.0.0.0", "::"];

/** As it stands in a URL. */
const hostOf = (address: string): string => (address.includes(":") ? `[${address}]` : address);
