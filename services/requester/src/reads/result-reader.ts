/** Results that nodes published through the object store. */
export interface ResultReader {
  /**
   * A node's object; undefined when it has none of this name. The bytes are streamed; a broken object throws during the
   * read.
   */
  open(nodeId: string, object: string): Promise<OpenResult | undefined>;
}

export interface OpenResult {
  readonly sizeBytes: number;
  readonly bytes: ReadableStream<Uint8Array>;
}
