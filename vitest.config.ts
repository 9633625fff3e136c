import { configDefaults, defineConfig } from "vitest/config";

const exclude = [...configDefaults.exclude, "**/dist/**"];
// One part with a real server or engine.
const integration = ["**/*.int.test.ts"];
// Clusters and their faults. They mostly wait: for leases, timeouts and restarts.
const cluster = ["test/int/**/*.test.ts"];
// What a user starts, as a user starts it: one file at a time, after everything else.
const system = ["test/e2e/**/*.test.ts"];
const realMs = 120_000;
// The machine that everything must run on has two cores.
const workersMax = 2;

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["{libs,services,apps,scripts,test}/**/*.test.ts"],
          exclude: [...exclude, ...integration, ...cluster, ...system],
          maxWorkers: workersMax,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: "integration",
          include: integration,
          exclude,
          maxWorkers: workersMax,
          testTimeout: realMs,
          hookTimeout: realMs,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: "cluster",
          include: cluster,
          exclude,
          maxWorkers: workersMax,
          testTimeout: realMs,
          hookTimeout: realMs,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: "system",
          include: system,
          exclude,
          fileParallelism: false,
          testTimeout: realMs,
          hookTimeout: realMs,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
