// Serves a runtime to any number of connections, over any transport.
import { NarthexError } from "@narthex/protocol";
import type { Transport } from "@narthex/rpc";
import type { Runtime, RuntimeLogger } from "@narthex/runtime";
import { ClientConnection } from "./client-connection.ts";

export interface GatewayOptions {
  readonly runtime: Runtime;
  readonly logger: RuntimeLogger;
  /** Token that every client must send in `connect` (default: none, and clients must send none). */
  readonly token?: string;
  /** Connections at once (default 1,000); one more is closed at once. */
  readonly maxConnections?: number;
  /** Most events kept for sessions whose create response is not written yet, per connection (default 10,000). */
  readonly maxHeldEvents?: number;
}

const DEFAULT_MAX_CONNECTIONS = 1_000;
const DEFAULT_MAX_HELD_EVENTS = 10_000;

export class Gateway {
  readonly #options: GatewayOptions;
  readonly #connections = new Set<ClientConnection>();
  readonly #stopLifecycle: () => void;
  #shutdown: Promise<void> | undefined;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#stopLifecycle = options.runtime.onLifecycle((notice) => {
      for (const connection of this.#connections) connection.notify("session.lifecycle", notice);
    });
  }

  /** Takes a new client over this transport. */
  accept(transport: Transport): void {
    const { runtime, logger, token, maxConnections = DEFAULT_MAX_CONNECTIONS } = this.#options;
    const connection = new ClientConnection({
      runtime,
      transport,
      logger,
      token,
      maxHeldEvents: this.#options.maxHeldEvents ?? DEFAULT_MAX_HELD_EVENTS,
      isShuttingDown: () => this.#shutdown !== undefined,
      shutDown: () => this.shutDown(),
      onClosed: (closed) => this.#connections.delete(closed),
    });
    const isFull = this.#connections.size >= maxConnections;
    this.#connections.add(connection);
    connection.start();
    if (isFull) {
      logger.warn(`More than ${maxConnections} clients: a connection was refused.`);
      connection.close(
        new NarthexError("LIMIT_EXCEEDED", `This runtime serves at most ${maxConnections} connections.`),
      );
    }
  }

  /** Shuts every session down; from then on calls are refused. Connections stay until `close`. */
  shutDown(): Promise<void> {
    this.#shutdown ??= this.#options.runtime.close();
    return this.#shutdown;
  }

  /** Ends every connection. */
  close(): void {
    this.#stopLifecycle();
    for (const connection of this.#connections) {
      connection.close(new NarthexError("SERVER_SHUTTING_DOWN", "The runtime has shut down."));
    }
  }
}
