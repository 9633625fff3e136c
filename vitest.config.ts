import { configDefaults, defineConfig } from "vitest/config";

const exclude = [...configDefaults.exclude, "**/dist/**"];
// One part with a real server or engine.
const integration = ["**/*.int.test.ts"];
// Whole clusters: one file at a time, after everything else.
const system = ["test/int/**/*.test.ts", "test/e2e/**/*.test.ts"];
const realMs = 240_000;
// Well below the timeout of a test, so that the failure names what was expected. One second, vitest's default, was too short on a machine
// whose processors were mostly taken by others.
const pollMs = 20_000;
// The machine that everything must run on has two cores.
const workersMax = 2;

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: pollMs } },
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["{libs,services,apps,scripts,test}/**/*.test.ts"],
          exclude: [...exclude, ...integration, ...system],
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
          name: "system",
          include: system,
          exclude,
          fileParallelism: false,
          testTimeout: realMs,
          hookTimeout: realMs,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
