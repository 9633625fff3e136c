import type { InputRoom } from "../sources/room.ts";
import { ContentChanged, type ContentIdentity, type FetchRequest, type Source } from "../sources/source.ts";
import type { InputCache } from "./input-cache.ts";

/** A source whose inputs come from the cache where it can identify their content before it fetches. */
export function cachedSource(source: Source, cache: InputCache | undefined): Source {
  const { identify } = source;
  if (cache === undefined || identify === undefined) return source;
  return {
    ...source,
    async fetch(request) {
      const identity = await identify(request);
      if (identity === undefined) return source.fetch(request);
      const room = rewindable(request.room);
      try {
        return await cache.fetch({
          key: keyOf(source, request, identity),
          request: { ...request, room },
          fill: (to) => source.fetch({ ...request, ...to, identity }),
        });
      } catch (failure) {
        if (!(failure instanceof ContentChanged)) throw failure;
        // It changes faster than it can be identified, or the server answers the two questions differently.
        room.rewind();
        return await source.fetch({ ...request, room });
      }
    },
  };
}

/**
 * What a node's credentials open to one namespace is not served to another. Who knows the digest of a content knows
 * what it is, so that is shared.
 */
const keyOf = ({ name }: Source, { namespace }: FetchRequest, { key, isDigest }: ContentIdentity): string =>
  JSON.stringify([name, isDigest ? "" : namespace, key]);

/** A room for two tries of which only the larger counts. */
function rewindable(room: InputRoom): InputRoom & { rewind(): void } {
  let [takenBytes, countedBytes] = [0, 0];
  return {
    take(bytes) {
      takenBytes += bytes;
      if (takenBytes <= countedBytes) return;
      room.take(takenBytes - countedBytes);
      countedBytes = takenBytes;
    },
    rewind() {
      takenBytes = 0;
    },
  };
}
