import { spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { CopilotClient, RuntimeConnection } from "@github/copilot-sdk";
import { RpcPeer } from "@narthex/rpc";
import { streamTransport } from "@narthex/rpc/node";
import { within } from "@narthex/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { cleanEnvironment } from "../stand/environment.ts";
import { NARTHEX_RUNTIME } from "../stand/places.ts";
import { watchedRuntime } from "../stand/watched-runtime.ts";

const LEAVER = fileURLToPath(new URL("./leave-without-stopping.mjs", import.meta.url));

describe.each(["stdio", "tcp"] as const)("the process of our runtime, %s", (kind) => {
  it("ends in order when an official client stops, with a session still open", async () => {
    const runtime = watchedRuntime();
    const start = { path: runtime.path, env: cleanEnvironment() };
    const connection = kind === "stdio" ? RuntimeConnection.forStdio(start) : RuntimeConnection.forTcp(start);
    const client = new CopilotClient({ connection });
    onTestFinished(() => client.forceStop());
    await client.createSession({});
    expect(await client.stop()).toEqual([]);
    expect(await runtime.exitCode()).toBe(0);
  });

  it("ends in order when the application of an official client ends without a word", async () => {
    const runtime = watchedRuntime();
    const application = spawn(process.execPath, [LEAVER, kind, runtime.path], {
      env: cleanEnvironment(),
      stdio: ["ignore", "ignore", "inherit"],
    });
    onTestFinished(() => void application.kill("SIGKILL"));
    const code = await within("the application to end", new Promise((resolve) => application.once("close", resolve)));
    expect(code).toBe(7);
    expect(await runtime.exitCode()).toBe(0);
  });
});

describe("the process of our runtime, alone", () => {
  it("refuses calls after runtime.shutdown and leaves when its stdin ends, without a signal", async () => {
    const child = spawn(process.execPath, [NARTHEX_RUNTIME, "--headless", "--no-auto-update", "--stdio"], {
      env: cleanEnvironment(),
      stdio: ["pipe", "pipe", "inherit"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    const exited = new Promise((resolve) => child.once("exit", (code, signal) => resolve({ code, signal })));
    const peer = new RpcPeer(streamTransport(child.stdout, child.stdin), {});
    peer.start();
    expect(await peer.request("connect", {})).toMatchObject({ ok: true, protocolVersion: 3 });
    expect(await peer.request("runtime.shutdown", {})).toEqual({});
    await expect(peer.request("ping", {})).rejects.toMatchObject({ rpcCode: -32000 });
    child.stdin.end();
    expect(await within("the runtime to end", exited)).toEqual({ code: 0, signal: null });
  });
});
