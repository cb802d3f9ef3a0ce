// The raw connections the kit speaks over, from either end: bytes on a socket, or text messages on a WebSocket.
import type { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import type { WebSocket } from "ws";
import { frameOf, FrameReader } from "./framing.ts";
import { KitError } from "./kit-error.ts";

/** Hears what the other side does. */
export interface WireListener {
  body(text: string): void;
  /** The other side wrote what is no frame. */
  malformed(error: Error): void;
  closed(): void;
}

/** How a message is put on the wire. */
export interface WriteOptions {
  readonly glue: boolean;
  readonly cut: "every-byte" | number | undefined;
}

export interface Wire {
  listen(listener: WireListener): void;
  /** Writes messages: `body` gets a frame of its own, `raw` goes out as it is. Resolves when there is room for more. */
  write(messages: readonly { readonly body?: string; readonly raw?: string }[], options: WriteOptions): Promise<void>;
  end(how: "end" | "reset"): void;
}

export class SocketWire implements Wire {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("error", () => undefined); // the close that follows says it
  }

  listen(listener: WireListener): void {
    const reader = new FrameReader();
    this.#socket.on("data", (chunk: Buffer) => {
      try {
        for (const body of reader.push(chunk)) listener.body(body);
      } catch (error) {
        listener.malformed(error as Error);
        this.#socket.destroy();
      }
    });
    this.#socket.once("close", () => listener.closed());
  }

  async write(messages: readonly { body?: string; raw?: string }[], { glue, cut }: WriteOptions): Promise<void> {
    const texts = messages.map(({ body, raw }) => (body === undefined ? (raw ?? "") : frameOf(body)));
    if (glue || cut !== undefined) return this.#pieces(piecesOf(texts.join(""), cut));
    await this.#pieces(texts.map((text) => new TextEncoder().encode(text)));
  }

  async #pieces(pieces: readonly Uint8Array[]): Promise<void> {
    for (const piece of pieces) {
      const hasRoom = this.#socket.write(piece);
      // Of several pieces each is to be a segment of its own, as far as a sender can do that.
      if (pieces.length > 1) await new Promise((resolve) => setImmediate(resolve));
      if (!hasRoom && !this.#socket.destroyed) {
        await new Promise<void>((resolve) => {
          this.#socket.once("drain", resolve).once("close", () => resolve());
        });
      }
    }
  }

  end(how: "end" | "reset"): void {
    // Node 20 never gets to its own end when a socket that is gone already is reset.
    if (how === "reset" && !this.#socket.destroyed) this.#socket.resetAndDestroy();
    else this.#socket.destroySoon();
  }
}

function piecesOf(text: string, cut: WriteOptions["cut"]): Uint8Array[] {
  const bytes = new TextEncoder().encode(text);
  if (cut === undefined) return [bytes];
  if (cut === "every-byte") return Array.from(bytes, (byte) => Uint8Array.of(byte));
  return [bytes.subarray(0, cut), bytes.subarray(cut)];
}

export class WebSocketWire implements Wire {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("error", () => undefined);
  }

  listen(listener: WireListener): void {
    this.#socket.on("message", (data: Buffer) => listener.body(data.toString("utf8")));
    this.#socket.once("close", () => listener.closed());
  }

  async write(messages: readonly { body?: string; raw?: string }[], { cut }: WriteOptions): Promise<void> {
    if (cut !== undefined) throw new KitError("A message cannot be cut in pieces over WebSocket.");
    for (const { body, raw } of messages) this.#socket.send(body ?? raw ?? "");
  }

  end(how: "end" | "reset"): void {
    if (how === "reset") this.#socket.terminate();
    else this.#socket.close();
  }
}
