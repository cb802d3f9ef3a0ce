/**
 * One port for everything: JSON-RPC with Content-Length framing, HTTP, and JSON-RPC over WebSocket. What a connection
 * speaks shows in its first bytes: an HTTP request starts with a method, a frame with a header name and a colon.
 */
import { createServer as createHttpServer, type IncomingMessage, type Server as HttpServer } from "node:http";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { NarthexError } from "@narthex/protocol";
import { socketTransport, webSocketTransport } from "@narthex/rpc/node";
import type { Hono } from "hono";
import { WebSocketServer } from "ws";
import type { Gateway } from "./gateway/gateway.ts";
import { isLoopbackName, isOwnOrigin } from "./http/loopback.ts";

export interface ListenOptions {
  readonly gateway: Gateway;
  readonly app: Hono;
  /** 0 for a free one. */
  readonly port: number;
  /** Serve JSON-RPC on the port, framed and over WebSocket (default true); without it the port is for looking only. */
  readonly rpc?: boolean;
  /** Open sockets of every kind at once (default 2,000); one more is closed at once. */
  readonly maxSockets?: number;
  /** Milliseconds a connection may stay silent before its first byte (default 30,000). */
  readonly firstByteTimeoutMs?: number;
}

/** A port that is listened on. */
export interface Listener {
  readonly port: number;
  /** Takes no new connections and ends the open ones. */
  close(): Promise<void>;
}

const HOST = "127.0.0.1";
const MAX_SOCKETS = 2_000;
const FIRST_BYTE_TIMEOUT_MS = 30_000;
const MAX_WEB_SOCKET_MESSAGE_BYTES = 64 * 1024 * 1024;
const HTTP_METHOD = /^(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|CONNECT|TRACE) /;

/**
 * Listens on the loopback interface.
 * @throws {NarthexError} PORT_IN_USE
 */
export async function listen(options: ListenOptions): Promise<Listener> {
  const http = httpServer(options);
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy()); // the reader above it hears of the close
    distribute(socket, http, options);
  });
  server.maxConnections = options.maxSockets ?? MAX_SOCKETS;
  await bind(server, options.port);
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      http.close();
      for (const socket of sockets) socket.destroy();
      return closed;
    },
  };
}

function distribute(socket: Socket, http: HttpServer, options: ListenOptions): void {
  socket.setTimeout(options.firstByteTimeoutMs ?? FIRST_BYTE_TIMEOUT_MS, () => socket.destroy());
  socket.once("data", (first: Buffer) => {
    socket.setTimeout(0);
    socket.removeAllListeners("timeout");
    socket.pause();
    socket.unshift(first);
    if (HTTP_METHOD.test(first.subarray(0, 16).toString("latin1"))) http.emit("connection", socket);
    else if (options.rpc === false) socket.destroy();
    else options.gateway.accept(socketTransport(socket));
    socket.resume();
  });
}

function httpServer({ app, gateway, rpc }: ListenOptions): HttpServer {
  const handle = getRequestListener(app.fetch);
  const server = createHttpServer((request, response) => void handle(request, response));
  const webSockets = new WebSocketServer({ noServer: true, maxPayload: MAX_WEB_SOCKET_MESSAGE_BYTES });
  server.on("upgrade", (request: IncomingMessage, socket: Socket, head: Buffer) => {
    const { host, origin } = request.headers;
    if (rpc === false || !isLoopbackName(host) || !isOwnOrigin(origin, host)) {
      socket.end("HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n");
      return;
    }
    webSockets.handleUpgrade(request, socket, head, (webSocket) => gateway.accept(webSocketTransport(webSocket)));
  });
  return server;
}

function bind(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE" || error.code === "EACCES") {
        const what = error.code === "EACCES" ? "may not be used by this user" : "is in use by another process";
        reject(
          new NarthexError(
            "PORT_IN_USE",
            `Port ${port} ${what}: choose another with --port, or leave it out for a free one.`,
          ),
        );
      } else reject(NarthexError.from(error, "CONNECTION_FAILED"));
    });
    server.listen(port, HOST, () => resolve());
  });
}
