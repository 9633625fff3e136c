import { buckets } from "@shoal/proto";
import type { Secret } from "../secret/secret.ts";
import type { View } from "./view.ts";

/** The secrets that exist: names, versions and times. Values, sealed ones too, are in the log alone. */
export const secrets: View<Secret> = {
  bucket: { name: buckets.secrets, keys: "<namespace>.<name>" },
  pace: "at once",
  parts: (secret) =>
    secret.state === "deleted" ? [] : [{ key: `${secret.namespace}.${secret.name}`, of: secret, seq: secret.seq }],
  render: (_, { namespace, name, versions }) => ({
    namespace,
    name,
    versions: versions.map(({ version, keyId, createdAt }) => ({ version, keyId, createdAt })),
  }),
};
