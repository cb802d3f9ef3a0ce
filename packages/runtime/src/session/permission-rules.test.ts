import type { PermissionRequest } from "@narthex/protocol";
import { expect, it } from "vitest";
import { PermissionRules } from "./permission-rules.ts";

const shell = (identifiers: string[], canOfferSessionApproval = true): PermissionRequest => ({
  kind: "shell",
  fullCommandText: identifiers.join(" && "),
  intention: "",
  commands: identifiers.map((identifier) => ({ identifier, readOnly: false })),
  possiblePaths: [],
  possibleUrls: [],
  hasWriteFileRedirection: false,
  canOfferSessionApproval,
});

it("allows for the session what was allowed, program by program, and nothing more", () => {
  const rules = new PermissionRules();
  rules.allow(shell(["npm", "git"]));
  expect(rules.isAllowed(shell(["git"]))).toBe(true);
  expect(rules.isAllowed(shell(["git", "npm"]))).toBe(true);
  expect(rules.isAllowed(shell(["git", "rm"]))).toBe(false);
});

it("never allows for the session a command that cannot be taken apart", () => {
  const rules = new PermissionRules();
  rules.allow(shell(["npm"], false));
  expect(rules.isAllowed(shell(["npm"], false))).toBe(false);
  rules.allow(shell(["npm"]));
  expect(rules.isAllowed(shell(["npm"], false))).toBe(false);
  expect(rules.isAllowed(shell([]))).toBe(false);
});

it("tells tools apart by name", () => {
  const rules = new PermissionRules();
  const tool = (toolName: string): PermissionRequest => ({ kind: "custom-tool", toolName, toolDescription: "" });
  rules.allow(tool("a"));
  expect(rules.isAllowed(tool("a"))).toBe(true);
  expect(rules.isAllowed(tool("b"))).toBe(false);
});
