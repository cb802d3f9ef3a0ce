import { describe, expect, it } from "vitest";
import { shellEnvironment } from "./shell-environment.ts";

describe("shellEnvironment", () => {
  it("passes on only what is on the list", () => {
    const env = shellEnvironment({
      HOME: "/h",
      LC_ALL: "C",
      NARTHEX_MODEL_API_KEY: "k",
      GITHUB_TOKEN: "t",
      BASH_ENV: "/evil",
      LD_PRELOAD: "/evil.so",
      NODE_OPTIONS: "--require /evil",
      "BASH_FUNC_ls%%": "() { rm; }",
    });
    expect(env).toEqual({
      HOME: "/h",
      LC_ALL: "C",
      PATH: "/usr/local/bin:/usr/bin:/bin",
      PAGER: "cat",
      GIT_PAGER: "cat",
      GIT_TERMINAL_PROMPT: "0",
    });
  });

  it("leaves relative entries out of the PATH and adds what the operator adds", () => {
    const env = shellEnvironment({ PATH: ".:/bin::node_modules/.bin:/usr/bin" }, { DATABASE_URL: "x" });
    expect(env).toMatchObject({ PATH: "/bin:/usr/bin", DATABASE_URL: "x" });
  });
});
