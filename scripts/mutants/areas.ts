/** A part of the tree that is mutated, and the tests that should notice. */
export interface Area {
  readonly name: string;
  /** Folders and files, from the root of the tree. */
  readonly sources: readonly string[];
  /** What vitest is given, from the nearest to the farthest. */
  readonly tests: readonly string[];
  /** Its tests start real servers. */
  readonly needsServer?: boolean;
}

/** What can be named with --area. */
export const areas: readonly Area[] = [
  {
    name: "core",
    sources: ["libs/core/src/job", "libs/core/src/node", "libs/core/src/schedule", "libs/core/src/decider.ts"],
    tests: ["libs/core/src"],
  },
  {
    name: "append",
    sources: ["libs/nats/src/event-log/append.ts", "libs/nats/src/connection/publish-outcome.ts"],
    tests: ["libs/nats/src/event-log", "libs/nats/src/connection"],
    needsServer: true,
  },
  { name: "leases", sources: ["libs/nats/src/leases"], tests: ["libs/nats/src/leases"], needsServer: true },
  { name: "owner", sources: ["services/requester/src/owner"], tests: ["services/requester/src/owner"] },
  {
    name: "runner",
    sources: ["services/compute/src/runner", "services/compute/src/agent"],
    tests: ["services/compute/src/compute.test.ts", "services/compute/src/runner", "services/compute/src/agent"],
  },
  { name: "client", sources: ["libs/client/src"], tests: ["libs/client/src"] },
  {
    name: "cli",
    sources: ["apps/cli/src/commands", "apps/cli/src/progress", "apps/cli/src/output", "apps/cli/src/failure.ts"],
    tests: ["apps/cli/src"],
  },
];
