import { connect, type Socket } from "node:net";
import { NarthexError } from "@narthex/protocol";
import { positiveInteger } from "../limits.ts";
import type { Transport } from "../transport.ts";
import { StreamTransport } from "./stream-transport.ts";
import { DEFAULT_CONNECT_TIMEOUT_MS, type TransportOptions } from "./transport-options.ts";

/**
 * Frames over a connected socket, on either side. Switches Nagle's algorithm off: messages are packed here already.
 *
 * @example
 * createServer((socket) => new RpcPeer(socketTransport(socket), handler).start()).listen(port);
 *
 * @throws NarthexError CLIENT_OPTIONS_INVALID if a bound is malformed
 */
export function socketTransport(socket: Socket, options: TransportOptions = {}): Transport {
  socket.setNoDelay(true);
  return new StreamTransport(socket, socket, options, { afterFlush: "wait" });
}

/** Where and how to connect. */
export interface ConnectTcpOptions extends TransportOptions {
  host: string;
  port: number;
  /** Time limit for making the connection. Default 10,000. */
  timeoutMs?: number;
  /** Gives the attempt up. Has no effect once connected. */
  signal?: AbortSignal;
}

/**
 * Connects to a TCP server.
 *
 * @throws NarthexError (as a rejection) CONNECTION_FAILED if it cannot be reached in time, ABORTED, CLIENT_OPTIONS_INVALID
 */
export async function connectTcp(options: ConnectTcpOptions): Promise<Transport> {
  const { host, port, signal } = options;
  const timeoutMs = positiveInteger("timeoutMs", options.timeoutMs, DEFAULT_CONNECT_TIMEOUT_MS);
  if (signal?.aborted === true) throw connectAborted(signal);
  const socket = openSocket(host, port);
  try {
    await connected(socket, `${host}:${port}`, timeoutMs, signal);
    return socketTransport(socket, options);
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function openSocket(host: string, port: number): Socket {
  try {
    return connect({ host, port });
  } catch (cause) {
    const { message } = NarthexError.from(cause);
    throw new NarthexError("CLIENT_OPTIONS_INVALID", `No TCP address: ${message}`, { cause });
  }
}

function connected(socket: Socket, address: string, timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const onConnect = (): void => {
      settle();
      resolve();
    };
    const onError = (cause: Error): void => {
      fail(new NarthexError("CONNECTION_FAILED", `${address} cannot be reached: ${cause.message}`, { cause }));
    };
    const onAbort = (): void => {
      if (signal !== undefined) fail(connectAborted(signal));
    };
    const timer = setTimeout(() => {
      fail(
        new NarthexError("CONNECTION_FAILED", `${address} did not answer within ${timeoutMs} ms: is a server there?`),
      );
    }, timeoutMs);
    const settle = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      socket.off("connect", onConnect);
      socket.off("error", onError);
    };
    const fail = (error: NarthexError): void => {
      settle();
      socket.on("error", () => undefined); // one that follows the failure has nobody to go to
      reject(error);
    };
    socket.once("connect", onConnect);
    socket.once("error", onError);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

function connectAborted(signal: AbortSignal): NarthexError {
  return new NarthexError("ABORTED", "The connection attempt was cancelled by its caller.", { cause: signal.reason });
}
