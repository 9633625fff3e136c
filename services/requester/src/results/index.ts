import { nats } from "./nats.ts";
import type { ResultStore } from "./result-store.ts";
import { type S3ResultPorts, type S3ResultSettings, s3 } from "./s3.ts";
import { type ManagedBucket, s3Managed } from "./s3-managed.ts";

export interface ResultSettings {
  readonly s3: S3ResultSettings;
  readonly s3managed: ManagedBucket;
}

/** Every store whose results clients get in another form than the node reported, by type. */
export function createResultStores(settings: ResultSettings, ports: S3ResultPorts): ReadonlyMap<string, ResultStore> {
  const stores = [nats(), s3(settings.s3, ports), s3Managed(settings.s3managed, ports.presign)];
  return new Map(stores.map((store) => [store.type, store]));
}
