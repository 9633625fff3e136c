import { randomUUID } from "node:crypto";
import { mkdir, readdir, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import type { Fetched } from "../sources/source.ts";
import { EntryManifest, isLinked, linkTree, readManifest, syncTree } from "./entry-manifest.ts";

/** A content on the disk. It exists while it is retained. */
export interface EntryPlace {
  readonly manifest: EntryManifest;
  /** Links the files into an empty folder; an Error when they are not those of the manifest. */
  linkTo(folder: string): Promise<Fetched>;
  retain(): void;
  release(): void;
}

/** A folder that becomes an entry, or is removed. */
export interface Staging {
  readonly content: string;
  remove(): Promise<void>;
}

interface CacheEntry {
  readonly manifest: EntryManifest;
  /** Links into executions' folders that are being made. */
  pins: number;
}

/**
 * The entries of a cache, least recently used first. `entries/<id>` appears and disappears by a rename, so a process that
 * dies leaves it whole or not at all; `staging` holds what is being fetched or removed, and is cleared at the next start.
 */
export class EntryStore {
  readonly #folder: string;
  readonly #maxBytes: number;
  readonly #entries = new Map<string, CacheEntry>();
  #storedBytes = 0;
  /** Commits and removals run one after another. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(folder: string, maxBytes: number) {
    this.#folder = folder;
    this.#maxBytes = maxBytes;
  }

  static async open(folder: string, maxBytes: number): Promise<EntryStore> {
    const store = new EntryStore(folder, maxBytes);
    await rm(join(folder, "staging"), { recursive: true, force: true });
    for (const name of ["staging", "entries"]) await mkdir(join(folder, name), { recursive: true, mode: 0o700 });
    await store.#load();
    return store;
  }

  async #load(): Promise<void> {
    const found: { readonly id: string; readonly manifest: EntryManifest; readonly usedAt: number }[] = [];
    for (const id of await readdir(join(this.#folder, "entries"))) {
      const manifest = await readManifest(this.#pathOf(id));
      if (manifest === undefined) await rm(this.#pathOf(id), { recursive: true, force: true });
      else found.push({ id, manifest, usedAt: (await stat(join(this.#pathOf(id), EntryManifest.file))).mtimeMs });
    }
    for (const { id, manifest } of found.sort((a, b) => a.usedAt - b.usedAt)) this.#add(id, manifest);
    // The limit may be lower than that of the earlier process.
    await this.#makeRoom(0);
  }

  /** The entry of an id, retained once; undefined when there is none. */
  use(id: string): EntryPlace | undefined {
    const entry = this.#entries.get(id);
    if (entry === undefined) return undefined;
    // Last in the order of use; the time on the disk is for the next process.
    this.#entries.delete(id);
    this.#entries.set(id, entry);
    const now = new Date();
    utimes(join(this.#pathOf(id), EntryManifest.file), now, now).catch(() => {});
    return this.#placeOf(id, entry);
  }

  /** A new folder for a content. */
  async stage(): Promise<Staging> {
    const path = join(this.#folder, "staging", randomUUID());
    await mkdir(join(path, EntryManifest.content), { recursive: true, mode: 0o700 });
    return { content: join(path, EntryManifest.content), remove: () => rm(path, { recursive: true, force: true }) };
  }

  /** Makes an entry of a complete content, unless there is no room for it. Either way the content is retained once. */
  async commit(id: string, staging: Staging, fetched: Fetched): Promise<EntryPlace> {
    const { content } = staging;
    const path = join(content, "..");
    const tree = await syncTree(content);
    const { sizeBytes, name } = fetched;
    const manifest: EntryManifest = {
      ...{ v: 1, sizeBytes, hostPath: relative(content, fetched.hostPath), ...tree },
      ...(name === undefined ? {} : { name }),
    };
    return this.#inTurn(async () => {
      if (!this.#entries.has(id) && (await this.#makeRoom(sizeBytes))) {
        await writeFile(join(path, EntryManifest.file), JSON.stringify(manifest), { mode: 0o600, flush: true });
        await rm(this.#pathOf(id), { recursive: true, force: true });
        await rename(path, this.#pathOf(id));
        return this.#placeOf(id, this.#add(id, manifest));
      }
      return placeIn(path, manifest, { onReleased: () => void staging.remove().catch(() => {}) });
    });
  }

  /** Removes an entry that is damaged. */
  discard(id: string): Promise<void> {
    return this.#inTurn(() => this.#remove(id));
  }

  /** Removes every entry that no execution uses. */
  shrink(): Promise<unknown> {
    return this.#inTurn(() => this.#makeRoom(this.#maxBytes));
  }

  #add(id: string, manifest: EntryManifest): CacheEntry {
    const entry = { manifest, pins: 0 };
    this.#entries.set(id, entry);
    this.#storedBytes += manifest.sizeBytes;
    return entry;
  }

  #placeOf(id: string, entry: CacheEntry): EntryPlace {
    entry.pins += 1;
    return placeIn(this.#pathOf(id), entry.manifest, {
      onReleased: () => {
        entry.pins -= 1;
      },
    });
  }

  /** Removes the least recently used entries that no execution uses, until a number of bytes fits. False when they do not. */
  async #makeRoom(bytes: number): Promise<boolean> {
    if (bytes > this.#maxBytes) return false;
    for (const [id, { manifest, pins }] of [...this.#entries]) {
      if (this.#storedBytes + bytes <= this.#maxBytes) return true;
      if (pins > 0 || (await isLinked(this.#pathOf(id), manifest))) continue;
      // It may have been used meanwhile.
      if (this.#entries.get(id)?.pins === 0) await this.#remove(id);
    }
    return this.#storedBytes + bytes <= this.#maxBytes;
  }

  async #remove(id: string): Promise<void> {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    this.#storedBytes -= entry.manifest.sizeBytes;
    const removed = join(this.#folder, "staging", randomUUID());
    await rename(this.#pathOf(id), removed);
    await rm(removed, { recursive: true, force: true });
  }

  #pathOf(id: string): string {
    return join(this.#folder, "entries", id);
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#last.then(act);
    this.#last = done.catch(() => {});
    return done;
  }
}

function placeIn(
  path: string,
  manifest: EntryManifest,
  { onReleased }: { readonly onReleased: () => void },
): EntryPlace {
  let retained = 1;
  return {
    manifest,
    linkTo: async (folder) => {
      await linkTree(join(path, EntryManifest.content), manifest, folder);
      const { sizeBytes, name } = manifest;
      const hostPath = join(folder, manifest.hostPath);
      return { hostPath, readOnly: true, sizeBytes, ...(name === undefined ? {} : { name }) };
    },
    retain: () => {
      retained += 1;
    },
    release: () => {
      retained -= 1;
      if (retained === 0) onReleased();
    },
  };
}
