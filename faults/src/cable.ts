// A way to the runtime's port that stays when the runtime goes, and that is cut at any byte of either direction.
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** Where a connection is cut: after so many bytes of one direction, the last of them delivered. */
export interface Cut {
  readonly direction: "to-runtime" | "to-client";
  readonly afterBytes: number;
}

export class Cable {
  readonly #server = createServer();
  readonly #sockets = new Set<Socket>();
  #target: number | undefined;
  /** Asked for every new connection. */
  nextCut: () => Cut | undefined = () => undefined;
  cuts = 0;

  static async open(): Promise<Cable> {
    const cable = new Cable();
    cable.#server.on("connection", (near) => cable.#join(near));
    await new Promise<void>((resolve) => cable.#server.listen(0, "127.0.0.1", resolve));
    return cable;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Where new connections lead; without a port they end at once. */
  pointTo(port: number | undefined): void {
    this.#target = port;
  }

  /** Cuts every connection now. */
  cutAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cutAll();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #join(near: Socket): void {
    if (this.#target === undefined) return void near.destroy();
    const far = connect({ port: this.#target, host: "127.0.0.1", noDelay: true });
    near.setNoDelay(true);
    const cut = this.nextCut();
    const end = (): void => {
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) {
      this.#sockets.add(socket);
      socket.on("error", end).on("close", () => {
        this.#sockets.delete(socket);
        end();
      });
    }
    this.#carry(near, far, cut?.direction === "to-runtime" ? cut.afterBytes : undefined, end);
    this.#carry(far, near, cut?.direction === "to-client" ? cut.afterBytes : undefined, end);
  }

  /** Carries bytes one way; the last ones before the cut still arrive. */
  #carry(from: Socket, to: Socket, limit: number | undefined, end: () => void): void {
    let left = limit ?? Number.POSITIVE_INFINITY;
    from.on("data", (chunk: Buffer) => {
      if (left <= 0) return;
      const part = chunk.subarray(0, left);
      left -= part.length;
      if (left > 0) {
        if (!to.write(part)) from.pause();
        return;
      }
      this.cuts += 1;
      to.write(part, end);
    });
    to.on("drain", () => from.resume());
  }
}
