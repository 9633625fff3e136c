/** A part of the tree that is mutated, and the tests that should fail. */
export interface Area {
  readonly name: string;
  /** Folders and files, relative to the root of the tree. */
  readonly sources: readonly string[];
  /** Arguments of vitest, the nearest tests first. */
  readonly tests: readonly string[];
  /** Its tests start real servers. */
  readonly needsServer?: boolean;
}

/** The areas that --area can name. */
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
    tests: [
      "services/compute/src/create-compute.test.ts",
      "services/compute/src/runner",
      "services/compute/src/agent",
      "services/compute/src/reports",
    ],
  },
  { name: "client", sources: ["libs/client/src"], tests: ["libs/client/src"] },
  {
    name: "cli",
    sources: ["apps/cli/src/commands", "apps/cli/src/progress", "apps/cli/src/output", "apps/cli/src/failure.ts"],
    // The reference lists every option, and replay and rebuild need a log.
    tests: ["apps/cli/src", "scripts/reference", "test/int/replay-exit"],
    needsServer: true,
  },
];
