import { execFile } from "node:child_process";
import path from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { cleanEnvironment, tempFolder } from "../stand/environment.ts";
import { scriptedModel, toolCall } from "../stand/model.ts";
import { NARTHEX_RUNTIME, officialRuntime } from "../stand/places.ts";
import { PACKAGES, compile, copyFor } from "./copies.ts";

describe.each(PACKAGES)("programs that import %s", (sdk) => {
  it.each([true, false])("type-check over the whole core, exactOptionalPropertyTypes %s", async (exact) => {
    expect(await compile(copyFor(sdk, "surface-"), { exactOptionalPropertyTypes: exact })).toBe("");
  });
});

describe("one program, two packages", () => {
  const run = async (folder: string, ...args: string[]): Promise<string> => {
    const file = path.join(folder, "out", "program.js");
    const options = { env: cleanEnvironment(), cwd: tempFolder() };
    return (await promisify(execFile)(process.execPath, [file, ...args], options)).stdout;
  };
  const both = async (...args: string[]): Promise<string[]> => {
    const outputs: string[] = [];
    for (const sdk of PACKAGES) {
      const folder = copyFor(sdk, "program");
      expect(await compile(folder, { exactOptionalPropertyTypes: true })).toBe("");
      outputs.push(await run(folder, ...args));
    }
    return outputs;
  };

  it.each([
    ["our runtime", () => NARTHEX_RUNTIME],
    ["the official runtime", officialRuntime],
  ])("does the same with a model, at %s", async (_name, runtime) => {
    const call = toolCall("deploy_window", { service: "demo" });
    const { provider } = await scriptedModel(call, { text: "At 9." }, call, { text: "At 9." });
    const [theirs, ours] = await both(runtime(), provider.baseUrl);
    expect(theirs).toBe("asked custom-tool\ntool true demo: weekdays, 9 to 16\nanswer At 9.\nerrors 0\n");
    expect(ours).toBe(theirs);
  });

  it("does the same without a model, with our runtime's offline planner", async () => {
    const [theirs, ours] = await both(NARTHEX_RUNTIME);
    expect(theirs).toContain("asked custom-tool\ntool true demo: weekdays, 9 to 16\nanswer ");
    expect(theirs).toMatch(/answer [^]*demo: weekdays, 9 to 16[^]*errors 0\n$/);
    expect(ours).toBe(theirs);
  });
});
