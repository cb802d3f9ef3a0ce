import { defineConfig } from "vitest/config";

// Tests run on the sources of every package through the private export condition, so a red test never hides behind a
// stale build; child processes (the runtime, the command line) are the built ones, which `npm test` builds first.
export default defineConfig({
  ssr: { resolve: { conditions: ["narthex-source", "node", "import", "default"] } },
  resolve: { conditions: ["narthex-source", "node", "import", "default"] },
  test: {
    include: [
      "packages/*/src/**/*.test.ts",
      "packages/*/test/**/*.test.ts",
      "conformance/test/**/*.test.ts",
      "faults/test/**/*.test.ts",
    ],
    pool: "threads",
    testTimeout: 30_000,
    hookTimeout: 30_000,
    dangerouslyIgnoreUnhandledErrors: false,
  },
});
