// The environment of git. Settings of the caller that would turn git at another repository or start other programs
// are left out; proxies, certificates, credential helpers and ssh settings of the operator stay.
const KEPT_GIT_VARIABLES = new Set([
  "GIT_ASKPASS",
  "GIT_CONFIG_GLOBAL",
  "GIT_CONFIG_NOSYSTEM",
  "GIT_CONFIG_SYSTEM",
  "GIT_EXEC_PATH",
  "GIT_SSH",
  "GIT_SSH_COMMAND",
  "GIT_SSL_CAINFO",
  "GIT_SSL_CAPATH",
  "GIT_SSL_NO_VERIFY",
]);

/** Configuration of every call: no hooks, no file-system monitor, nothing that a repository could make git start. */
export const SAFE_GIT_CONFIG: readonly string[] = [
  "-c",
  "core.hooksPath=/dev/null",
  "-c",
  "core.fsmonitor=false",
  "-c",
  "protocol.ext.allow=never",
];

/** The environment for git: never asks, speaks English, takes no locks it does not need. */
export function gitEnvironment(base: NodeJS.ProcessEnv, extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(base).filter(([name]) => !name.startsWith("GIT_") || KEPT_GIT_VARIABLES.has(name));
  return {
    ...Object.fromEntries(kept),
    GIT_TERMINAL_PROMPT: "0",
    GCM_INTERACTIVE: "never",
    GIT_OPTIONAL_LOCKS: "0",
    LC_ALL: "C",
    ...extra,
  };
}
