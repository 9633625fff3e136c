/** Lines `bucket` or `namespace/bucket`: the buckets that jobs may use through a node. */
export type BucketList = readonly string[];

interface BucketUse {
  readonly bucket: string;
  /** Left out before a bid, when only the bucket is known. */
  readonly namespace?: string | undefined;
  /** The setting that contains the list. */
  readonly setting: string;
}

/** Why a bucket is not on a list, or undefined when it is. */
export function unlistedBucket(list: BucketList, { bucket, namespace, setting }: BucketUse): string | undefined {
  const isListed = list.some((line) => {
    const [first = "", second] = line.split("/");
    if (second === undefined) return first === bucket;
    return second === bucket && (namespace === undefined || first === namespace);
  });
  if (isListed) return undefined;
  const who = namespace === undefined ? "jobs" : `jobs of namespace ${namespace}`;
  return `this node lets ${who} use no bucket ${bucket}: ask its operator to add it to ${setting}`;
}
