import { configDefaults, defineConfig } from "vitest/config";

const exclude = [...configDefaults.exclude, "**/dist/**"];
// Real servers, engines and browsers: one file at a time, after everything that needs none of them.
const system = ["test/int/**/*.test.ts", "test/e2e/**/*.test.ts", "**/*.int.test.ts"];
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
          exclude: [...exclude, ...system],
          maxWorkers: workersMax,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: "system",
          include: system,
          exclude,
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
