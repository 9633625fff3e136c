import { createHash } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { causeOf, Fault, type Logger } from "@shoal/core";
import { diskFault, isDiskFull } from "../disk-fault.ts";
import type { Fetched, FetchRequest } from "../sources/source.ts";
import { type EntryPlace, EntryStore } from "./entry-store.ts";
import { JoinedFetch } from "./joined-fetch.ts";

/** Contents of inputs on this node's disk, shared by its executions. */
export interface InputCache {
  /**
   * Puts the content of this key into the folder of the request; `fill` fetches it when no execution of this node has
   * it. Requests for one content share one fetch, which ends with the last of them. Throws as `fill` does.
   */
  fetch(asked: CachedContent): Promise<Fetched>;
}

export interface CachedContent {
  /** Identifies the content; equal keys are equal bytes. */
  readonly key: string;
  readonly request: FetchRequest;
  /** Fetches the content into another folder. */
  readonly fill: (to: Pick<FetchRequest, "folder" | "room" | "signal">) => Promise<Fetched>;
}

export interface InputCacheOptions {
  /** Created when it does not exist. On the file system of the executions, so that links reach it. */
  readonly folder: string;
  /** Limit of all contents that no execution uses. */
  readonly maxBytes: number;
  readonly logger: Logger;
}

/** A cache in a folder that only this process uses. Contents of earlier processes are served too. */
export function createInputCache({ folder, maxBytes, logger }: InputCacheOptions): InputCache {
  const fetching = new Map<string, JoinedFetch>();
  let opened: Promise<EntryStore> | undefined;
  // A failed start is retried by the next fetch.
  const open = () => {
    opened ??= EntryStore.open(folder, maxBytes).catch((failure: unknown) => {
      opened = undefined;
      throw failure;
    });
    return opened;
  };

  async function hit(store: EntryStore, id: string, { folder: to, room }: FetchRequest): Promise<Fetched | undefined> {
    const place = store.use(id);
    if (place === undefined) return undefined;
    try {
      const fetched = await place.linkTo(to);
      room.take(fetched.sizeBytes);
      return { ...fetched, isCached: true };
    } catch (failure) {
      if (failure instanceof Fault || isDiskFull(failure)) throw failure;
      // Another program changed it: what cannot be proven to be whole is not served.
      logger.warn({ id, why: causeOf(failure).why }, "removed a damaged entry of the input cache");
      await store.discard(id);
      await rm(to, { recursive: true, force: true });
      await mkdir(to);
      return undefined;
    } finally {
      place.release();
    }
  }

  async function join(store: EntryStore, id: string, { request, fill }: CachedContent): Promise<Fetched> {
    const running = fetching.get(id);
    const forget = () => void (fetching.get(id) === joined && fetching.delete(id));
    const joined: JoinedFetch = running ?? new JoinedFetch((to) => filled(store, { id, fill }, to), forget);
    fetching.set(id, joined);
    const place = await joined.join(request);
    try {
      return { ...(await place.linkTo(request.folder)), ...(running === undefined ? {} : { isCached: true }) };
    } finally {
      place.release();
    }
  }
  return {
    async fetch(asked) {
      const id = createHash("sha256").update(asked.key).digest("hex");
      const { request } = asked;
      try {
        const store = await open();
        // A fetch that has ended is an entry, and one that runs is joined.
        const stored = fetching.has(id) ? undefined : await hit(store, id, request);
        if (stored !== undefined) return stored;
        if (request.signal.aborted) throw new Fault("STOPPED", "fetching an input was aborted");
        return await join(store, id, asked);
      } catch (failure) {
        const fault = diskFault(folder, failure);
        // What no execution uses makes room for the next try.
        if (fault.code === "NODE_DISK_FULL") await opened?.then((store) => store.shrink()).catch(() => {});
        throw fault;
      }
    },
  };
}

interface Filling extends Pick<CachedContent, "fill"> {
  readonly id: string;
}

/** Fetches a content into a new folder and stores it, where there is room. */
async function filled(
  store: EntryStore,
  { id, fill }: Filling,
  to: Pick<FetchRequest, "room" | "signal">,
): Promise<EntryPlace> {
  const staging = await store.stage();
  try {
    const fetched = await fill({ ...to, folder: staging.content });
    return await store.commit(id, staging, fetched);
  } catch (failure) {
    await staging.remove();
    throw failure;
  }
}
