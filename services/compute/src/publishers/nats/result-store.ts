/** Where a node's results are kept inside NATS: a bucket that only this node may write. */
export interface ResultStore {
  /** The bucket's name, as whoever fetches a result needs it. */
  readonly bucket: string;
  /** Stores an object, or replaces it. Throws a Fault when that is not known to have happened. */
  put(
    name: string,
    bytes: ReadableStream<Uint8Array>,
  ): Promise<{ readonly sizeBytes: number; readonly digest: string }>;
}
