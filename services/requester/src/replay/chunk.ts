/** Limits of chunks. */
export const chunkLimits = {
  /** Some four hundred commits: enough that handing one over costs nothing beside judging it (measured: four times as much gains nothing). */
  bytes: 256 * 1024,
  /** Chunks that are handed over and not done. What was asked of the server before comes on top. */
  inFlight: 8,
} as const;

// Each piece begins with the sizes of its name and its body, with a number and a mark; then come name and body.
const head = { name: 0, body: 4, seq: 8, appended: 16, bytes: 17 } as const;
// Says that a piece has no body, as opposed to an empty one; no body is so long.
const noBody = 0xffff_ffff;
// The most bytes that UTF-8 takes for one UTF-16 unit.
const utf8PerUnit = 3;

/** A named piece of bytes on its way to another thread: a message by its subject, or an entry by its key. */
export interface Piece {
  readonly name: string;
  readonly seq: number;
  readonly bytes: Uint8Array | undefined;
  /** As of `LogMessage`; false for an entry. */
  readonly appended: boolean;
}

/** Copies pieces, one behind the other, into chunks that can be handed over. */
export class ChunkWriter {
  readonly #full: (chunk: Uint8Array<ArrayBuffer>) => void;
  #chunk = Buffer.alloc(0);
  #end = 0;

  /** `full` is given each chunk that is full; from then on it is the caller's. */
  constructor(full: (chunk: Uint8Array<ArrayBuffer>) => void) {
    this.#full = full;
  }

  add({ name, seq, bytes, appended }: Piece): void {
    const most = head.bytes + name.length * utf8PerUnit + (bytes?.length ?? 0);
    if (this.#end + most > this.#chunk.length) this.#begin(most);
    const chunk = this.#chunk;
    const at = this.#end;
    const body = at + head.bytes + chunk.write(name, at + head.bytes);
    chunk.writeUInt32LE(body - at - head.bytes, at + head.name);
    chunk.writeUInt32LE(bytes?.length ?? noBody, at + head.body);
    chunk.writeDoubleLE(seq, at + head.seq);
    chunk[at + head.appended] = appended ? 1 : 0;
    if (bytes !== undefined) chunk.set(bytes, body);
    this.#end = body + (bytes?.length ?? 0);
  }

  /** Hands over what has been copied so far. */
  flush(): void {
    if (this.#end === 0) return;
    const chunk = this.#chunk.subarray(0, this.#end);
    this.#chunk = Buffer.alloc(0);
    this.#end = 0;
    this.#full(chunk);
  }

  #begin(atLeast: number): void {
    this.flush();
    // Not from the pool: the memory goes to the other thread.
    this.#chunk = Buffer.allocUnsafeSlow(Math.max(chunkLimits.bytes, atLeast));
  }
}

/** The pieces of a chunk, in order. Their bytes are the chunk's own. */
export function eachPiece(chunk: Uint8Array<ArrayBuffer>, take: (piece: Piece) => void): void {
  const buffer = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
  for (let at = 0; at < buffer.length; ) {
    const name = at + head.bytes;
    const body = name + buffer.readUInt32LE(at + head.name);
    const size = buffer.readUInt32LE(at + head.body);
    const end = body + (size === noBody ? 0 : size);
    take({
      name: buffer.toString("utf8", name, body),
      seq: buffer.readDoubleLE(at + head.seq),
      appended: buffer[at + head.appended] === 1,
      bytes: size === noBody ? undefined : buffer.subarray(body, end),
    });
    at = end;
  }
}
