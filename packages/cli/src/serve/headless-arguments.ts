// The arguments with which official SDKs start a runtime. They must all be known; an unknown one is refused.
import { NarthexError } from "@narthex/protocol";
import type { ServeFlags } from "./options.ts";

const WITHOUT_VALUE = new Set(["--headless", "--server", "--no-auto-update", "--no-auto-login", "--remote", "--stdio"]);
const WITH_VALUE = new Set(["--port", "--log-level", "--auth-token-env", "--session-idle-timeout"]);
/** Ours, for programs that start this runtime through an SDK's `args`. */
const OWN_WITH_VALUE = new Set([
  "--home",
  "--repositories",
  "--repository",
  "--model",
  "--base-url",
  "--max-recoveries",
  "--attached-idle-timeout",
  "--drain-timeout",
  "--session-retention",
]);

/** Is this how an SDK starts a runtime? */
export function isHeadlessStart(args: readonly string[]): boolean {
  return args.includes("--headless") || args.includes("--server");
}

/** @throws {NarthexError} USAGE */
export function parseHeadlessArguments(args: readonly string[]): ServeFlags {
  const values = new Map<string, string[]>();
  const rest = [...args];
  for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
    if (WITHOUT_VALUE.has(name)) {
      values.set(name, []);
      continue;
    }
    if (!WITH_VALUE.has(name) && !OWN_WITH_VALUE.has(name))
      throw new NarthexError("USAGE", `unsupported argument: ${name}`);
    const value = rest.shift();
    if (value === undefined) throw new NarthexError("USAGE", `${name} needs a value.`);
    values.set(name, [...(values.get(name) ?? []), value]);
  }
  const last = (name: string): string | undefined => values.get(name)?.at(-1);
  const flags: Record<keyof ServeFlags, unknown> = {
    stdio: values.has("--stdio") ? true : undefined,
    port: last("--port"),
    home: last("--home"),
    repositories: last("--repositories"),
    repository: values.get("--repository"),
    model: last("--model"),
    baseUrl: last("--base-url"),
    logLevel: last("--log-level"),
    maxRecoveries: last("--max-recoveries"),
    sessionIdleTimeout: last("--session-idle-timeout"),
    attachedIdleTimeout: last("--attached-idle-timeout"),
    drainTimeout: last("--drain-timeout"),
    sessionRetention: last("--session-retention"),
  };
  return Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
}
