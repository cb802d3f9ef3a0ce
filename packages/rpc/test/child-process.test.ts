import { spawn, type ChildProcess } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { encodeFrame, RpcPeer, type PeerHandler } from "@narthex/rpc";
import { childProcessTransport } from "@narthex/rpc/node";
import { turn, within } from "./deadline.ts";
import { spawnFixture } from "./transport-makers.ts";

function connect(child: ChildProcess, handler: PeerHandler = {}): RpcPeer {
  const peer = new RpcPeer(childProcessTransport(child), handler);
  peer.start();
  return peer;
}

async function outputOf(child: ChildProcess): Promise<string> {
  const chunks: Buffer[] = [];
  child.stdout?.on("data", (chunk: Buffer) => chunks.push(chunk));
  await within("the process to close", once(child, "close"));
  return Buffer.concat(chunks).toString();
}

describe("a child process", () => {
  it("answers over its standard input and output, and exits with 0 when the peer is closed", async () => {
    const child = spawnFixture("stdio-server.mjs");
    const exited = once(child, "exit");
    const peer = connect(child);
    expect(await peer.request("echo", { text: "ö漢😀" })).toEqual({ text: "ö漢😀" });
    peer.close();
    await within("closed", peer.closed);
    expect(await within("exit", exited)).toEqual([0, null]);
  });

  it("that exits rejects pending calls and reports its exit code", async () => {
    const reports: unknown[] = [];
    const child = spawnFixture("stdio-server.mjs");
    const peer = connect(child, { closed: (error) => reports.push(error?.data) });
    await peer.request("echo");
    const calls = [peer.request("exit", { code: 3 }), peer.request("echo")];
    const settled = await within("the calls", Promise.allSettled(calls));
    const expected = { reason: { code: "CONNECTION_CLOSED", message: expect.stringContaining("code 3") as string } };
    expect(settled).toMatchObject([expected, expected]);
    expect(reports).toEqual([{ exitCode: 3, signal: null }]);
  });

  it("that is killed is reported with the signal", async () => {
    const child = spawnFixture("stdio-server.mjs");
    const peer = connect(child);
    await peer.request("echo");
    const call = peer.request("exit", undefined);
    child.kill("SIGKILL");
    await expect(call).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
    await within("closed", peer.closed);
  });

  it("that answers and exits at once has its answer delivered, and ends in good order", async () => {
    const reports: unknown[] = [];
    const peer = connect(spawnFixture("stdio-server.mjs"), { closed: (error) => reports.push(error) });
    expect(await within("the answer", peer.request("answerAndExit", "last words"))).toBe("last words");
    await within("closed", peer.closed);
    expect(reports).toEqual([undefined]);
  });

  it("that writes a lot and exits has everything delivered that it wrote", async () => {
    const numbers: number[] = [];
    const peer = connect(spawnFixture("stdio-server.mjs"), {
      notification: (_method, params) => numbers.push((params as { n: number }).n),
    });
    await expect(peer.request("floodAndExit", { count: 1_000 })).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
    await within("closed", peer.closed);
    expect(numbers).toEqual(Array.from({ length: 1_000 }, (_, n) => n));
  });

  it("whose exit is noticed before its last words have been read has them delivered", async () => {
    // Which of the two comes first is up to the operating system, so this one is played.
    const child = new EventEmitter() as ChildProcess;
    Object.assign(child, { stdin: new PassThrough(), stdout: new PassThrough(), exitCode: null, signalCode: null });
    const peer = connect(child);
    const call = peer.request("m");
    Object.assign(child, { exitCode: 0 });
    child.emit("exit", 0, null);
    await turn();
    (child.stdout as PassThrough).end(encodeFrame('{"jsonrpc":"2.0","id":1,"result":"last words"}'));
    expect(await within("the answer", call)).toBe("last words");
    await within("closed", peer.closed);
  });

  it("that has left its standard output to another process is closed soon after its exit all the same", async () => {
    let heir = 0;
    const child = spawnFixture("stdio-server.mjs");
    const peer = connect(child, { notification: (_method, params) => (heir = (params as { pid: number }).pid) });
    await peer.request("echo");
    const call = peer.request("spawnAndExit");
    const exited = once(child, "exit");
    const failed = expect(call).rejects.toMatchObject({ code: "CONNECTION_CLOSED", data: { exitCode: 4 } });
    await within("exit", exited);
    await within("the call to reject", failed, 1_000);
    process.kill(heir);
  });

  it("that cannot be run ends the connection with CONNECTION_FAILED", async () => {
    const child = spawn("/no/such/program", [], { stdio: ["pipe", "pipe", "ignore"] });
    const peer = connect(child);
    await expect(within("the call", peer.request("echo"))).rejects.toMatchObject({ code: "CONNECTION_FAILED" });
  });

  it("without piped standard input and output is refused", () => {
    const child = spawn(process.execPath, ["-e", ""], { stdio: "ignore" });
    expect(() => childProcessTransport(child)).toThrow(
      expect.objectContaining({ code: "CLIENT_OPTIONS_INVALID" }) as Error,
    );
  });
});

describe("a server on standard input and output", () => {
  it("answers a malformed header with -32700 and exits with 0", async () => {
    const child = spawnFixture("stdio-server.mjs");
    const exited = once(child, "exit");
    child.stdin?.write("no colon here\r\n"); // and standard input stays open
    const output = await outputOf(child);
    expect(output).toMatch(/^Content-Length: \d+\r\n\r\n\{"jsonrpc":"2.0","id":null,"error":\{"code":-32700,/);
    expect(await exited).toEqual([0, null]);
  });

  it("answers what it was asked and exits with 0 when its standard input ends", async () => {
    const child = spawnFixture("stdio-server.mjs");
    const exited = once(child, "exit");
    const body = '{"jsonrpc":"2.0","id":"a","method":"echo","params":{"x":1}}';
    child.stdin?.end(`content-length: ${body.length}\r\nX-Other: 1\r\n\r\n${body}`);
    expect(await outputOf(child)).toBe('Content-Length: 43\r\n\r\n{"jsonrpc":"2.0","id":"a","result":{"x":1}}');
    expect(await exited).toEqual([0, null]);
  });
});
