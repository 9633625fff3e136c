/** A part of the tree that is mutated, and the tests that should fail. */
export interface Area {
  readonly name: string;
  /** Folders and files, relative to the root of the tree. */
  readonly sources: readonly string[];
  /** Arguments of vitest. The tests beside the mutant run before them. */
  readonly tests: readonly string[];
  /** Run before `tests`, in place of the tests beside the mutant. */
  readonly nearest?: readonly string[];
  /** Its tests start real servers. */
  readonly needsServer?: boolean;
}

/** The areas that --area can name. */
export const areas: readonly Area[] = [
  {
    name: "core",
    sources: ["libs/core/src/job", "libs/core/src/node", "libs/core/src/schedule", "libs/core/src/decider.ts"],
    // Without the simulation: a change that it alone detects calls for a test beside the code.
    tests: [
      ...["job", "node", "schedule", "views", "decider", "fold", "json-events"].map((part) => `libs/core/src/${part}`),
      "libs/core/src/testing/machines",
    ],
  },
  {
    name: "append",
    sources: ["libs/nats/src/event-log/append.ts", "libs/nats/src/connection/publish-outcome.ts"],
    nearest: ["libs/nats/src/connection/publish-outcome.test", "libs/nats/src/event-log/append"],
    tests: [
      "libs/nats/src/event-log/event-log.contract",
      "libs/nats/src/event-log/crash",
      "libs/nats/src/connection/publish-outcome.int",
    ],
    needsServer: true,
  },
  {
    name: "leases",
    sources: ["libs/nats/src/leases"],
    nearest: ["libs/nats/src/leases/lease-table", "libs/nats/src/leases/lease-faults"],
    tests: ["libs/nats/src/leases/leases.contract", "libs/nats/src/leases/lost-answer"],
    needsServer: true,
  },
  { name: "owner", sources: ["services/requester/src/owner"], tests: ["services/requester/src/owner"] },
  {
    name: "catalog",
    sources: ["services/requester/src/catalog", "libs/core/src/chunked-map.ts"],
    tests: ["services/requester/src/catalog", "services/requester/src/reads", "libs/core/src/chunked-map"],
  },
  {
    name: "secrets",
    sources: ["services/requester/src/secrets", "libs/core/src/secret", "libs/node/src/sealed-box.ts"],
    tests: ["services/requester/src/secrets", "libs/core/src/secret", "libs/node/src/sealed-box", "requester/src/http"],
  },
  {
    name: "bidder",
    sources: ["services/compute/src/bidder", "services/compute/src/capacity"],
    tests: ["services/compute/src/bidder", "services/compute/src/capacity", "services/compute/src/create-compute.test"],
  },
  {
    name: "transfers",
    sources: ["services/compute/src/sources", "services/compute/src/publishers", "services/compute/src/outbound"],
    tests: ["services/compute/src/sources", "services/compute/src/publishers", "services/compute/src/outbound"],
  },
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
