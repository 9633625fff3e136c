import type { NodeEntity } from "@shoal/proto";
import { build } from "../build.ts";

/** This requester's own entry in lists of nodes. */
export function selfInfo(requesterId: string, labels: Readonly<Record<string, string>>): NodeEntity["info"] {
  return {
    nodeId: requesterId,
    nodeType: "Requester",
    labels: { name: requesterId, os_type: build.goos, os_arch: build.goarch, ...labels },
    supportedProtocols: ["ncl/v1"],
    bacalhauVersion: build,
  };
}
