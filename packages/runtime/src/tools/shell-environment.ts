// What a shell command gets of the runtime's environment. An allow-list: keys, tokens and whatever else the operator
// gave the runtime stay with the runtime.
import { isAbsolute } from "node:path";

const ALLOWED = new Set(
  (
    "HOME LANG LANGUAGE LOGNAME PATH SHELL TERM TMPDIR TZ USER " +
    "CARGO_HOME GOCACHE GOMODCACHE GOPATH GOROOT JAVA_HOME NVM_DIR PYENV_ROOT RUSTUP_HOME " +
    "SSL_CERT_DIR SSL_CERT_FILE XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME XDG_RUNTIME_DIR"
  ).split(" "),
);

/** The environment of a shell command: allowed variables, no pager, no prompts. */
export function shellEnvironment(
  base: NodeJS.ProcessEnv,
  extra: Readonly<Record<string, string>> = {},
): NodeJS.ProcessEnv {
  const allowed = Object.entries(base).filter(([name]) => ALLOWED.has(name) || name.startsWith("LC_"));
  return {
    ...Object.fromEntries(allowed),
    PATH: absoluteEntries(base["PATH"]),
    PAGER: "cat",
    GIT_PAGER: "cat",
    GIT_TERMINAL_PROMPT: "0",
    ...extra,
  };
}

/** A relative entry would let a file of the workspace stand in for a program. */
function absoluteEntries(path: string | undefined): string {
  const entries = (path ?? "").split(":").filter((entry) => isAbsolute(entry));
  return entries.length === 0 ? "/usr/local/bin:/usr/bin:/bin" : entries.join(":");
}
