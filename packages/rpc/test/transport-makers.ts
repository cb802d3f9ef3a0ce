import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { PassThrough } from "node:stream";
import { fileURLToPath } from "node:url";
import { createMemoryPair, type Transport } from "@narthex/rpc";
import {
  childProcessTransport,
  connectTcp,
  connectWebSocket,
  socketTransport,
  streamTransport,
  webSocketTransport,
} from "@narthex/rpc/node";
import { WebSocketServer, type WebSocket } from "ws";

/** Two joined transports; `release` frees what was opened for them. */
export interface TransportPair {
  left: Transport;
  right: Transport;
  release: () => Promise<void>;
}

export function memoryPair(): Promise<TransportPair> {
  const [left, right] = createMemoryPair();
  return Promise.resolve({ left, right, release: () => Promise.resolve() });
}

export function streamPair(): Promise<TransportPair> {
  const there = new PassThrough();
  const back = new PassThrough();
  const left = streamTransport(back, there);
  const right = streamTransport(there, back);
  return Promise.resolve({ left, right, release: () => Promise.resolve() });
}

export async function listen(): Promise<{ server: Server; port: number }> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, port: (server.address() as AddressInfo).port };
}

export async function closeServer(server: { close(done: () => void): unknown }): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });
}

export async function tcpPair(): Promise<TransportPair> {
  const { server, port } = await listen();
  const accepted = once(server, "connection") as Promise<[Socket]>;
  const left = await connectTcp({ host: "127.0.0.1", port });
  const [socket] = await accepted;
  return { left, right: socketTransport(socket), release: () => closeServer(server) };
}

export async function childPair(): Promise<TransportPair> {
  const { server, port } = await listen();
  const accepted = once(server, "connection") as Promise<[Socket]>;
  const child = spawn(process.execPath, [fixture("relay.mjs"), String(port)], { stdio: ["pipe", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const left = childProcessTransport(child);
  const [socket] = await accepted;
  const release = async (): Promise<void> => {
    child.kill();
    await exited;
    await closeServer(server);
  };
  return { left, right: socketTransport(socket), release };
}

export async function webSocketServer(): Promise<{ server: WebSocketServer; url: string }> {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  await once(server, "listening");
  return { server, url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

export async function webSocketPair(): Promise<TransportPair> {
  const { server, url } = await webSocketServer();
  const accepted = new Promise<Transport>((resolve) => {
    server.once("connection", (ws: WebSocket) => {
      resolve(webSocketTransport(ws));
    });
  });
  const left = await connectWebSocket(url);
  return { left, right: await accepted, release: () => closeServer(server) };
}

/** The path of a script in `test/fixtures`. */
function fixture(name: string): string {
  return fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
}

/** Runs a fixture with piped standard input and output. */
export function spawnFixture(name: string, ...args: string[]): ChildProcess {
  return spawn(process.execPath, [fixture(name), ...args], { stdio: ["pipe", "pipe", "inherit"] });
}
