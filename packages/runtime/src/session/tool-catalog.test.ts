import { describe, expect, it } from "vitest";
import { createBuiltInTools } from "../tools/registry.ts";
import { checkToolNames, toolCatalog } from "./tool-catalog.ts";

const builtIns = new Map(createBuiltInTools().map((tool) => [tool.name, tool]));
const mine = (name: string, overridesBuiltInTool?: boolean) => ({
  name,
  description: "",
  ...(overridesBuiltInTool === undefined ? {} : { overridesBuiltInTool }),
});
const names = (params: Parameters<typeof toolCatalog>[2], canAskUser = false) => [
  ...toolCatalog(builtIns, new Map([["mine", mine("mine")]]), params, canAskUser).keys(),
];

describe("the tools of a session", () => {
  it("are the built-in ones and the client's; ask_user only when somebody can answer", () => {
    expect(names({})).toEqual(["bash", "view", "create", "edit", "grep", "glob", "mine"]);
    expect(names({}, true)).toContain("ask_user");
  });

  it.each([
    [{ availableTools: ["view", "mine"] }, ["view", "mine"]],
    [{ availableTools: ["custom:*"] }, ["mine"]],
    [{ availableTools: ["builtin:view", "builtin:grep"] }, ["view", "grep"]],
    [{ availableTools: ["builtin:*"], excludedTools: ["bash", "builtin:edit"] }, ["view", "create", "grep", "glob"]],
    [{ availableTools: [] }, []],
  ])("are chosen by %j", (params, expected) => {
    expect(names(params)).toEqual(expected);
  });

  it("may take a built-in's name only on purpose, and no name twice", () => {
    expect(() => checkToolNames(builtIns, [mine("bash")])).toThrow(/overridesBuiltInTool/);
    expect(() => checkToolNames(builtIns, [mine("bash", true)])).not.toThrow();
    expect(() => checkToolNames(builtIns, [mine("x"), mine("x")])).toThrow(/Two tools/);
  });
});
