import { EventEmitter, once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { createServer as createTcpServer, type AddressInfo, type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { RpcPeer } from "@narthex/rpc";
import { connectWebSocket, webSocketTransport, type WebSocketLike } from "@narthex/rpc/node";
import { WebSocketServer, type WebSocket } from "ws";
import { turn, within } from "./deadline.ts";
import { RecordingSink } from "./recording-sink.ts";
import { closeServer, webSocketServer } from "./transport-makers.ts";

/** A WebSocket with so many messages at hand that it emits one after the other until it is paused. */
class FloodingSocket extends EventEmitter implements WebSocketLike {
  readonly readyState = 1;
  readonly bufferedAmount = 0;
  readonly #message: Buffer;
  #left: number;
  #isPaused = false;

  constructor(message: string, count: number) {
    super();
    this.#message = Buffer.from(message);
    this.#left = count;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    while (!this.#isPaused && this.#left-- > 0) this.emit("message", this.#message);
  }

  send(): void {
    throw new Error("not used here");
  }

  close(): void {
    this.#left = 0;
  }

  terminate(): void {
    this.#left = 0;
  }
}

describe("a WebSocket connection", () => {
  it("keeps what the server sends before the client has started", async () => {
    const { server, url } = await webSocketServer();
    server.on("connection", (ws: WebSocket) => {
      ws.send('"first"');
      ws.send(Buffer.from('"binary ö"'));
    });
    const transport = await connectWebSocket(url);
    const sink = new RecordingSink();
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    transport.start(sink);
    await sink.received(2);
    expect(sink.messages).toEqual(['"first"', '"binary ö"']);
    transport.destroy?.();
    await closeServer(server);
  });

  it("sends one text message for each JSON message, with the headers that were given", async () => {
    const { server, url } = await webSocketServer();
    const got: unknown[] = [];
    const closed = new Promise<void>((resolve) => {
      server.on("connection", (ws: WebSocket, request) => {
        got.push(request.headers.authorization);
        ws.on("message", (data: Buffer, isBinary) => got.push([data.toString(), isBinary]));
        ws.on("close", (code) => {
          got.push(code);
          resolve();
        });
      });
    });
    const transport = await connectWebSocket(url, { headers: { authorization: "Bearer t" } });
    transport.start(new RecordingSink());
    transport.send("1");
    transport.send("2");
    transport.close();
    await within("close", closed);
    expect(got).toEqual(["Bearer t", ["1", false], ["2", false], 1000]);
    await closeServer(server);
  });

  it("ends with FRAME_TOO_LARGE when a message is larger than allowed", async () => {
    const { server, url } = await webSocketServer();
    server.on("connection", (ws: WebSocket) => {
      ws.send("x".repeat(2_000));
    });
    const peer = new RpcPeer(await connectWebSocket(url, { maxMessageBytes: 1_000 }), {});
    const call = peer.request("pending");
    peer.start();
    await expect(within("the call", call)).rejects.toMatchObject({ code: "FRAME_TOO_LARGE" });
    await within("closed", peer.closed);
    await closeServer(server);
  });

  it.each([
    ["a normal close", (ws: WebSocket) => ws.close(1000), undefined],
    ["going away", (ws: WebSocket) => ws.close(1001), undefined],
    ["a close with a fault", (ws: WebSocket) => ws.close(1011, "boom"), "CONNECTION_CLOSED"],
    ["a lost connection", (ws: WebSocket) => ws.terminate(), "CONNECTION_CLOSED"],
  ])("reports %s by the other side", async (_what, act, code) => {
    const { server, url } = await webSocketServer();
    server.on("connection", act);
    const transport = await connectWebSocket(url);
    const sink = new RecordingSink();
    transport.start(sink);
    await sink.ended();
    expect(sink.closes.map((error) => error?.code)).toEqual([code]);
    await closeServer(server);
  });

  it("leaves the event loop a turn now and then in a flood", async () => {
    const socket = new FloodingSocket(JSON.stringify("x".repeat(1_000)), 5_000);
    const sink = new RecordingSink();
    let sinceLastTurn = 0;
    let most = 0;
    sink.onMessage = () => {
      most = Math.max(most, ++sinceLastTurn);
    };
    webSocketTransport(socket).start(sink);
    while (sink.messages.length < 5_000) {
      sinceLastTurn = 0;
      await turn();
    }
    expect(most).toBeLessThan(500);
  });

  it("whose WebSocket is closed already ends when it is started", async () => {
    const { server, url } = await webSocketServer();
    const accepted = once(server, "connection") as Promise<[WebSocket]>;
    const client = await connectWebSocket(url);
    const [ws] = await accepted;
    client.start(new RecordingSink());
    client.close();
    ws.resume();
    await within("close", once(ws, "close"));
    const sink = new RecordingSink();
    webSocketTransport(ws).start(sink);
    await sink.ended();
    expect(sink.closes.length).toBe(1);
    await closeServer(server);
  });
});

describe("connectWebSocket", () => {
  it("rejects with the HTTP status when the server refuses", async () => {
    const server = createServer();
    server.on("upgrade", (_request, socket: Socket) => {
      socket.end("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await expect(connectWebSocket(url)).rejects.toMatchObject({ code: "CONNECTION_FAILED", data: { status: 401 } });
    await closeServer(server);
  });

  it("rejects with CONNECTION_FAILED when nobody listens, or nobody answers in time", async () => {
    const sockets: Socket[] = [];
    const silent = createTcpServer((socket) => sockets.push(socket));
    silent.listen(0, "127.0.0.1");
    await once(silent, "listening");
    const url = `ws://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    await expect(connectWebSocket(url, { timeoutMs: 50 })).rejects.toMatchObject({ code: "CONNECTION_FAILED" });
    for (const socket of sockets) socket.destroy();
    await closeServer(silent);
    await expect(connectWebSocket(url)).rejects.toMatchObject({ code: "CONNECTION_FAILED" });
  });

  it("rejects an address that is none", async () => {
    await expect(connectWebSocket("http:// no")).rejects.toMatchObject({ code: "CLIENT_OPTIONS_INVALID" });
  });

  it("works through an HTTP server's own upgrade, as the gateway does it", async () => {
    const server = createServer((_request, response: ServerResponse) => response.end("page"));
    const sockets = new WebSocketServer({ noServer: true, maxPayload: 1_000_000 });
    server.on("upgrade", (request, socket, head) => {
      sockets.handleUpgrade(request, socket, head, (ws) => {
        new RpcPeer(webSocketTransport(ws), { request: (method) => `served ${method}` }).start();
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/rpc`;
    const peer = new RpcPeer(await connectWebSocket(url), {});
    peer.start();
    expect(await within("the answer", peer.request("ping"))).toBe("served ping");
    peer.close();
    await peer.closed;
    await closeServer(server);
  });
});
