// Writes the parts of spec/ that follow from the code: the error table and the profile. `--check` only compares.
import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import {
  ALSO_KEPT_EVENT_TYPES,
  EPHEMERAL_EVENT_TYPES,
  ERROR_CODES,
  PERSISTED_EVENT_TYPES,
  PROFILE,
  PROTOCOL_METHODS,
  SUPPORTED_METHODS,
} from "@narthex/protocol";

const retry = { never: "no", safe: "yes", "after-reconnect": "after reconnecting" };

const errors = `# Errors

Every error of Narthex is a \`NarthexError\` with a stable \`code\`. On the wire the code stands in \`error.data.code\` and the
number in \`error.code\`. *Retry* says whether trying again can help (\`error.retry\`). This file is written from
\`packages/protocol/src/error-codes.ts\`; \`npm run check\` compares the two.

| code | number | retry | meaning |
| --- | --- | --- | --- |
${Object.entries(ERROR_CODES)
  .map(([code, facts]) => `| \`${code}\` | ${facts.rpcCode} | ${retry[facts.retry]} | ${facts.summary} |`)
  .join("\n")}
`;

const unsupported = PROTOCOL_METHODS.filter((method) => !SUPPORTED_METHODS.includes(method));
const groups = new Map();
for (const method of unsupported) {
  const group = method.includes(".") ? method.split(".").slice(0, -1).join(".") : "connection";
  groups.set(group, [...(groups.get(group) ?? []), method]);
}

const profile = `# Profile \`${PROFILE}\`

The protocol (version 3) has ${PROTOCOL_METHODS.length} methods that a client may call. This profile is a frozen, named part of it. A method of the
protocol that is not supported here is answered with error -32601, \`data.code\` \`UNSUPPORTED_IN_PROFILE\` and a message that
names the profile; an unknown method with -32601 and \`METHOD_NOT_FOUND\`. Nothing is answered with silence. Written from
\`packages/protocol/src/profile.ts\`; tests compare it with the methods that the gateway really has.

## Supported (${SUPPORTED_METHODS.length})

${SUPPORTED_METHODS.map((method) => `- \`${method}\``).join("\n")}

## Answered with "unsupported in this profile" (${unsupported.length})

${[...groups].map(([group, methods]) => `- **${group}**: ${methods.map((method) => `\`${method.split(".").at(-1)}\``).join(", ")}`).join("\n")}

## Events

A runtime of this profile sends the types below that its features bring about; a client passes every other type through
untouched.

Kept in the log (${PERSISTED_EVENT_TYPES.size}): ${[...PERSISTED_EVENT_TYPES].map((type) => `\`${type}\``).join(", ")}.

The official runtime does not keep these, this one does (${ALSO_KEPT_EVENT_TYPES.size}): ${[...ALSO_KEPT_EVENT_TYPES].map((type) => `\`${type}\``).join(", ")}.

Not kept (${EPHEMERAL_EVENT_TYPES.size - ALSO_KEPT_EVENT_TYPES.size}): ${[...EPHEMERAL_EVENT_TYPES]
  .filter((type) => !ALSO_KEPT_EVENT_TYPES.has(type))
  .map((type) => `\`${type}\``)
  .join(", ")}.
`;

// Vectors for SDKs in other languages: what an error on the wire becomes. The last ones carry no code of ours.
const foreign = [
  { rpc: { code: -32601, message: "Unhandled method x" }, code: "METHOD_NOT_FOUND" },
  { rpc: { code: -32602, message: "bad params" }, code: "INVALID_PARAMS" },
  { rpc: { code: -32000, message: "shutting down" }, code: "SERVER_SHUTTING_DOWN" },
  { rpc: { code: -32001, message: "token?" }, code: "AUTHENTICATION_REQUIRED" },
  { rpc: { code: -32002, message: "token!" }, code: "AUTHENTICATION_FAILED" },
  { rpc: { code: -32003, message: "no token" }, code: "AUTHENTICATION_NOT_CONFIGURED" },
  { rpc: { code: -32603, message: "no", data: { reason: "policy_blocked" } }, code: "REQUEST_FAILED" },
  { rpc: { code: -32042, message: "no", data: "a text" }, code: "REQUEST_FAILED" },
  { rpc: { code: 7, message: "no", data: { code: "NOBODY_KNOWS_THIS" } }, code: "REQUEST_FAILED" },
];
const vectors = `${JSON.stringify(
  {
    about:
      "Error objects on the wire, and what an application sees: the stable code and the advice on retrying. Number, message and data stay as they are.",
    cases: [
      ...Object.entries(ERROR_CODES).map(([code, facts]) => ({
        name: code,
        clauses: ["entry-6"],
        rpc: { code: facts.rpcCode, message: facts.summary, data: { code } },
        seen: { code, rpcCode: facts.rpcCode, retry: facts.retry },
      })),
      ...foreign.map(({ rpc, code }) => ({
        name: `${rpc.code} without a code of ours`,
        clauses: ["entry-6"],
        rpc,
        seen: { code, rpcCode: rpc.code, retry: ERROR_CODES[code].retry },
      })),
    ],
  },
  undefined,
  2,
)}\n`;

let stale = 0;
for (const [file, text] of [
  ["spec/errors.md", errors],
  ["spec/profile.md", profile],
  ["conformance/vectors/errors.json", vectors],
]) {
  if (!process.argv.includes("--check")) writeFileSync(file, text);
  else if (readFileSync(file, "utf8") !== text) {
    console.error(`${file} is stale: run \`node tools/write-spec-tables.mjs\``);
    stale += 1;
  }
}
process.exit(stale === 0 ? 0 : 1);
