import { NarthexError } from "@narthex/protocol";
import { DrainWaiters } from "./drain-waiters.ts";
import { positiveInteger } from "./limits.ts";
import type { Transport, TransportSink } from "./transport.ts";

/** Options of {@link createMemoryPair}. Sizes count UTF-16 units, which for ASCII messages are bytes. */
export interface MemoryPairOptions {
  /** A direction that holds more than this ends the pair with OUTBOUND_QUEUE_FULL. Default 128 MiB. */
  maxBufferedBytes?: number;
  /** `drained()` resolves at or below this. Default 64 KiB. */
  lowWaterBytes?: number;
  /** Runs a delivery later. Default: a new turn of the event loop for each batch. */
  schedule?: (deliver: () => void) => void;
}

const DEFAULT_MAX_BUFFERED_BYTES = 128 * 1024 * 1024;
const DEFAULT_LOW_WATER_BYTES = 64 * 1024;
/** Delivered in one turn, then the event loop breathes: as much as a socket reads at once. */
const BATCH_BYTES = 64 * 1024;

type ResolvedOptions = Required<MemoryPairOptions>;

/**
 * Two transports joined in memory: what one sends the other receives, later and in order.
 *
 * @example
 * const [left, right] = createMemoryPair();
 * const client = new RpcPeer(left, {});
 * const server = new RpcPeer(right, { request: () => "pong" });
 *
 * @throws NarthexError CLIENT_OPTIONS_INVALID if a size is malformed
 */
export function createMemoryPair(options: MemoryPairOptions = {}): [Transport, Transport] {
  const resolved: ResolvedOptions = {
    maxBufferedBytes: positiveInteger("maxBufferedBytes", options.maxBufferedBytes, DEFAULT_MAX_BUFFERED_BYTES),
    lowWaterBytes: positiveInteger("lowWaterBytes", options.lowWaterBytes, DEFAULT_LOW_WATER_BYTES),
    schedule: options.schedule ?? nextTurn,
  };
  return MemoryEnd.pair(resolved);
}

/**
 * M1  Delivery happens only in a scheduled turn, never inside `send`, `start` or `close`.
 * M2  `close` delivers what was sent before, then ends both sides; it does not wait for a partner that has not started.
 * M3  An end that is closing receives nothing any more.
 */
class MemoryEnd implements Transport {
  readonly #options: ResolvedOptions;
  #partner: MemoryEnd = this;
  #sink: TransportSink | undefined;
  #outgoing: string[] = [];
  #next = 0;
  #bufferedBytes = 0;
  #isScheduled = false;
  #isClosing = false;
  #end: { error: NarthexError | undefined } | undefined;
  #isEndReported = false;
  readonly #waiters = new DrainWaiters();

  private constructor(options: ResolvedOptions) {
    this.#options = options;
  }

  static pair(options: ResolvedOptions): [MemoryEnd, MemoryEnd] {
    const left = new MemoryEnd(options);
    const right = new MemoryEnd(options);
    left.#partner = right;
    right.#partner = left;
    return [left, right];
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  start(sink: TransportSink): void {
    if (this.#sink !== undefined) return;
    this.#sink = sink;
    this.#partner.#schedule(); // what the partner has sent already
    if (this.#end !== undefined) this.#schedule();
  }

  send(body: string): void {
    if (this.#isClosing || this.#end !== undefined) return;
    this.#outgoing.push(body);
    this.#bufferedBytes += body.length;
    if (this.#bufferedBytes > this.#options.maxBufferedBytes) this.#overflow();
    this.#schedule();
  }

  drained(): Promise<void> {
    const isDrained = this.#bufferedBytes <= this.#options.lowWaterBytes || this.#end !== undefined;
    return isDrained ? Promise.resolve() : this.#waiters.wait();
  }

  close(): void {
    this.#isClosing = true;
    this.#schedule();
  }

  destroy(): void {
    this.#isClosing = true;
    this.#dropOutgoing();
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#options.schedule(() => {
      this.#isScheduled = false;
      this.#turn();
    });
  }

  #turn(): void {
    this.#deliverBatch();
    if (this.#outgoing.length > 0) {
      if (this.#partner.#sink !== undefined) this.#schedule();
    } else if (this.#isClosing && this.#partner.#sink !== undefined) {
      this.#partner.#dropOutgoing();
      this.#finish(undefined);
      this.#partner.#finish(undefined);
    }
    if (this.#isClosing && this.#partner.#sink === undefined) this.#finish(undefined); // M2
    this.#reportEnd();
    this.#partner.#reportEnd();
  }

  #deliverBatch(): void {
    const { lowWaterBytes } = this.#options;
    const partner = this.#partner;
    for (let bytes = 0; partner.#sink !== undefined && bytes < BATCH_BYTES;) {
      const body = this.#outgoing[this.#next];
      if (body === undefined) break;
      this.#next++;
      bytes += body.length;
      this.#bufferedBytes -= body.length;
      if (!partner.#isClosing && partner.#end === undefined) partner.#sink.message(body); // M3
    }
    this.#outgoing.splice(0, this.#next); // a batch, not a message, is taken out at a time
    this.#next = 0;
    if (this.#bufferedBytes <= lowWaterBytes) this.#waiters.release();
  }

  #overflow(): void {
    const error = new NarthexError(
      "OUTBOUND_QUEUE_FULL",
      `More than ${this.#options.maxBufferedBytes} bytes wait in memory for the other side: await drained() between sends.`,
    );
    for (const end of [this, this.#partner]) {
      end.#dropOutgoing();
      end.#finish(error);
    }
  }

  #dropOutgoing(): void {
    this.#outgoing = [];
    this.#next = 0;
    this.#bufferedBytes = 0;
  }

  #finish(error: NarthexError | undefined): void {
    this.#end ??= { error };
    this.#waiters.release();
  }

  #reportEnd(): void {
    if (this.#end === undefined || this.#sink === undefined || this.#isEndReported) return;
    this.#isEndReported = true;
    this.#sink.closed(this.#end.error);
  }
}

const platform = globalThis as { setImmediate?: (callback: () => void) => unknown };
// Taken when the module is loaded, so that fake timers installed by a test do not stop the traffic.
const nextTurn = platform.setImmediate ?? ((callback: () => void) => setTimeout(callback, 0));
