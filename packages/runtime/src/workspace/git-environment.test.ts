import { describe, expect, it } from "vitest";
import { gitEnvironment } from "./git-environment.ts";

describe("gitEnvironment", () => {
  it("leaves out variables that turn git elsewhere and keeps the operator's access settings", () => {
    const env = gitEnvironment({
      GIT_DIR: "/x",
      GIT_INDEX_FILE: "y",
      GIT_EXTERNAL_DIFF: "z",
      GIT_SSH_COMMAND: "ssh -i k",
      HOME: "/h",
    });
    expect(env).toMatchObject({ GIT_SSH_COMMAND: "ssh -i k", HOME: "/h", GIT_TERMINAL_PROMPT: "0", LC_ALL: "C" });
    expect(Object.keys(env)).not.toEqual(expect.arrayContaining(["GIT_DIR"]));
    expect(env["GIT_INDEX_FILE"]).toBeUndefined();
    expect(env["GIT_EXTERNAL_DIFF"]).toBeUndefined();
  });
});
