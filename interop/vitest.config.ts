import { defineConfig } from "vitest/config";

// What is tested here is what would be published: the built packages, found by name, and the official package as it is.
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ["*/*.test.ts"],
    pool: "threads",
    maxWorkers: 4, // they wait for their runtimes most of the time
    testTimeout: 30_000,
    hookTimeout: 30_000,
    sequence: { hooks: "stack" },
  },
});
