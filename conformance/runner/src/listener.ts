// Where SDKs connect to: TCP for frames (also of a child process, through the relay), and WebSocket.
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { WebSocketServer } from "ws";
import { Changes } from "./waiting.ts";
import { SocketWire, WebSocketWire, type Wire } from "./wire.ts";

export type Transport = "tcp" | "ws" | "stdio";

/** A program that passes its stdin and stdout on to the runner: what an SDK starts as its runtime. */
const RELAY = fileURLToPath(new URL("../relay.js", import.meta.url));

/** Takes connections and hands them out in the order they came. */
export class Listener {
  readonly #transport: Transport;
  readonly #arrived: Wire[] = [];
  readonly #changes = new Changes();
  readonly #sockets = new Set<Socket>();
  #server: Server | WebSocketServer | undefined;
  #port = 0;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Listens, on the same port as before where there was one. */
  async start(): Promise<void> {
    if (this.#server !== undefined) return;
    if (this.#transport === "ws") {
      const server = new WebSocketServer({ host: "127.0.0.1", port: this.#port });
      server.on("connection", (socket) => this.#connected(new WebSocketWire(socket)));
      await new Promise<void>((resolve) => server.once("listening", resolve));
      this.#server = server;
      this.#port = (server.address() as AddressInfo).port;
      return;
    }
    const server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
      this.#connected(new SocketWire(socket));
    });
    await new Promise<void>((resolve) => server.listen(this.#port, "127.0.0.1", resolve));
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Refuses new connections; those that are there stay. */
  stop(): void {
    this.#server?.close();
    this.#server = undefined;
  }

  /** Ends everything. */
  end(): void {
    this.stop();
    for (const socket of this.#sockets) socket.destroy();
  }

  /** What a driver's `open` gets. */
  get target(): { address: string; args: string[] } {
    if (this.#transport === "ws") return { address: `ws://127.0.0.1:${this.#port}/`, args: [] };
    if (this.#transport === "tcp") return { address: `127.0.0.1:${this.#port}`, args: [] };
    return { address: RELAY, args: ["--relay-to", String(this.#port)] };
  }

  /** The next connection; undefined when none comes in time. */
  accept(withinMs: number): Promise<Wire | undefined> {
    return this.#changes.wait(() => this.#arrived.shift(), withinMs);
  }

  #connected(wire: Wire): void {
    this.#arrived.push(wire);
    this.#changes.notify();
  }
}
