import { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import { NarthexError, messageOf } from "@narthex/protocol";
import { DrainWaiters } from "../drain-waiters.ts";
import { FrameParser } from "../frame-parser.ts";
import type { Transport, TransportSink } from "../transport.ts";
import { FrameQueue } from "./frame-queue.ts";
import {
  BREATHE_BYTES,
  resolveTransportOptions,
  type TransportOptions,
  type ResolvedTransportOptions,
} from "./transport-options.ts";

/** Handed to the stream before what it holds has been written; the rest stays packed in blocks. */
const WRITE_WINDOW_BYTES = 256 * 1024;
/** A burst within one tick begins to leave when it has this size. */
const EAGER_WRITE_BYTES = 64 * 1024;
/** After a failed write the other side's last words may still be on their way in. */
const LAST_WORDS_MS = 200;

/** How a kind of channel ends. */
export interface StreamEnding {
  /**
   * What happens to the reading side once everything has been written: `destroy` it, `wait` for the other side to end it
   * as well, or `leave` it to its owner, discarding what still comes.
   */
  readonly afterFlush: "destroy" | "wait" | "leave";
  /** Called when the reading side has ended, to find out what to report. Default: an end in good order. */
  readonly judgeEnd?: (report: (error?: NarthexError) => void) => void;
}

/**
 * Frames over a pair of byte streams.
 *
 * | phase   | data    | end of input           | input or output fails | bad frame         | close()   |
 * |---------|---------|------------------------|-----------------------|-------------------|-----------|
 * | new     | (kept)  | remember               | remember              | –                 | closing   |
 * | open    | deliver | report, flush → ended  | report → ended        | report → deaf     | closing   |
 * | deaf    | discard | report, flush → ended  | report → ended        | –                 | closing   |
 * | closing | discard | go on flushing         | report → ended        | –                 | –         |
 * | ended   | discard | –                      | –                     | –                 | –         |
 *
 * `closing` goes to `ended` when the queue is written and the streams have ended, or after `closeTimeoutMs`.
 */
export class StreamTransport implements Transport {
  readonly #readable: Readable;
  readonly #writable: Writable;
  readonly #ending: StreamEnding;
  readonly #options: ResolvedTransportOptions;
  readonly #parser: FrameParser;
  readonly #frames = new FrameQueue();
  readonly #waiters = new DrainWaiters();
  /** One duplex stream, such as a socket, in both roles. */
  readonly #isDuplex: boolean;
  /** Writes to a socket have no effect inside this process until later; other streams may call back at once. */
  readonly #canWriteEagerly: boolean;
  #phase: "new" | "open" | "deaf" | "closing" | "ended" = "new";
  #sink: TransportSink | undefined;
  #verdict: { error: NarthexError | undefined } | undefined;
  #bytesSinceBreath = 0;
  #isFlushScheduled = false;
  #isFinishing = false;
  #isWritableBroken = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(readable: Readable, writable: Writable, options: TransportOptions, ending: StreamEnding) {
    this.#readable = readable;
    this.#writable = writable;
    this.#ending = ending;
    this.#options = resolveTransportOptions(options);
    this.#parser = new FrameParser(this.#options);
    this.#isDuplex = (readable as unknown) === writable;
    this.#canWriteEagerly = writable instanceof Socket;
    readable.on("error", (error) => this.end(inputFailed(error)));
    readable.once("end", () => this.#inputEnded());
    readable.once("close", () => this.#inputClosed());
    if (!this.#isDuplex) writable.on("error", this.#outputFailed);
  }

  get bufferedBytes(): number {
    return this.#phase === "ended" ? 0 : this.#frames.bytes + this.#writable.writableLength;
  }

  start(sink: TransportSink): void {
    if (this.#sink !== undefined) return;
    this.#sink = sink;
    if (this.#verdict !== undefined) return process.nextTick(() => this.#deliverVerdict());
    if (this.#phase === "new") this.#phase = "open";
    this.#readable.on("data", (chunk: Buffer | string) => this.#read(chunk));
  }

  send(body: string): void {
    if (this.#isFinishing || this.#isWritableBroken) return;
    this.#frames.push(body);
    if (!this.#isFlushScheduled) {
      this.#isFlushScheduled = true;
      process.nextTick(this.#flush);
    } else if (this.#canWriteEagerly && this.#frames.bytes >= EAGER_WRITE_BYTES) {
      this.#pump();
    }
  }

  drained(): Promise<void> {
    const isDrained = this.bufferedBytes <= this.#options.lowWaterBytes;
    return isDrained || this.#verdict !== undefined ? Promise.resolve() : this.#waiters.wait();
  }

  close(): void {
    if (this.#phase === "closing" || this.#phase === "ended") return;
    this.#phase = "closing";
    this.#finishWriting();
    this.#readable.resume();
  }

  destroy(): void {
    this.end(undefined);
  }

  /** Ends everything at once and reports `error`. */
  end(error: NarthexError | undefined): void {
    if (this.#phase === "ended") return;
    const isExpected = this.#phase === "closing";
    this.#phase = "ended";
    this.#isFinishing = true;
    clearTimeout(this.#timer);
    this.#frames.clear();
    this.#readable.destroy();
    if (!this.#writable.writableFinished) this.#writable.destroy(); // else, in a pipe, the reader may not be through
    this.#report(isExpected ? undefined : error);
  }

  #read(chunk: Buffer | string): void {
    if (!this.#isDelivering()) return;
    this.#bytesSinceBreath += chunk.length;
    if (this.#bytesSinceBreath >= BREATHE_BYTES) this.#breathe();
    this.#parser.append(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
    for (;;) {
      let body: Uint8Array | undefined;
      try {
        body = this.#parser.tryRead();
      } catch (error) {
        this.#phase = "deaf";
        return this.#sink?.malformed(NarthexError.from(error));
      }
      if (body === undefined) return;
      this.#sink?.message(body);
      if (!this.#isDelivering()) return; // the sink has closed the transport
    }
  }

  /** Without this one flooding connection would be read dozens of chunks in a row, and timers and others would wait. */
  #breathe(): void {
    this.#bytesSinceBreath = 0;
    this.#readable.pause();
    setImmediate(() => this.#readable.resume());
  }

  #isDelivering(): boolean {
    return this.#phase === "open";
  }

  #inputEnded(): void {
    if (this.#phase === "ended") return;
    const judge = this.#ending.judgeEnd;
    if (this.#phase === "closing" || judge === undefined) return this.#finishAfterInput(undefined);
    this.#phase = "deaf";
    judge((error) => {
      this.#finishAfterInput(error);
    });
  }

  #finishAfterInput(error: NarthexError | undefined): void {
    if (this.#phase === "ended") return;
    if (this.#phase !== "closing") this.#report(error);
    this.close();
  }

  #inputClosed(): void {
    if (this.#phase === "ended") return;
    if (this.#readable.readableEnded) {
      if (this.#isDuplex) this.end(undefined);
      return;
    }
    this.end(new NarthexError("CONNECTION_CLOSED", "The stream was closed before its end: connect again."));
  }

  readonly #flush = (): void => {
    this.#isFlushScheduled = false;
    this.#pump();
  };

  readonly #written = (error?: Error | null): void => {
    if (error === undefined || error === null) this.#pump();
    else this.#outputFailed(error);
  };

  #pump(): void {
    if (this.#phase === "ended" || this.#isWritableBroken) return;
    while (this.#writable.writableLength < WRITE_WINDOW_BYTES) {
      const block = this.#frames.take();
      if (block === undefined) break;
      this.#writable.write(block, this.#written);
    }
    if (this.#isFinishing && this.#frames.bytes === 0 && !this.#writable.writableEnded) {
      this.#writable.end(() => this.#flushed());
    }
    if (!this.#waiters.isEmpty && this.bufferedBytes <= this.#options.lowWaterBytes) this.#waiters.release();
  }

  readonly #outputFailed = (cause: Error): void => {
    if (this.#phase === "ended" || this.#isWritableBroken) return;
    this.#isWritableBroken = true;
    const error = new NarthexError("CONNECTION_CLOSED", `Writing failed: ${messageOf(cause)}. Connect again.`, {
      cause,
    });
    this.#frames.clear();
    if (this.#phase !== "open" || this.#readable.readableEnded || this.#isDuplex) return this.end(error);
    this.#timer = setTimeout(() => this.end(error), LAST_WORDS_MS);
  };

  /** Writes what is queued, ends the writing side, and gives up after the time limit. */
  #finishWriting(): void {
    this.#isFinishing = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.end(undefined), this.#options.closeTimeoutMs);
    this.#timer.unref();
    if (this.#isWritableBroken || this.#writable.destroyed) this.end(undefined);
    else if (!this.#isFlushScheduled) this.#pump();
  }

  #flushed(): void {
    if (this.#phase === "ended") return;
    const { afterFlush } = this.#ending;
    if (afterFlush === "destroy" || this.#readable.destroyed) return this.end(undefined);
    if (afterFlush === "wait") return;
    this.#phase = "ended";
    clearTimeout(this.#timer);
    this.#report(undefined);
  }

  #report(error: NarthexError | undefined): void {
    if (this.#verdict !== undefined) return;
    this.#verdict = { error };
    this.#waiters.release();
    this.#deliverVerdict();
  }

  #deliverVerdict(): void {
    if (this.#verdict !== undefined) this.#sink?.closed(this.#verdict.error);
  }
}

/**
 * Frames over any two byte streams, such as a process's own standard input and output.
 *
 * @example
 * const peer = new RpcPeer(streamTransport(process.stdin, process.stdout), handler);
 *
 * @throws NarthexError CLIENT_OPTIONS_INVALID if a bound is malformed
 */
export function streamTransport(readable: Readable, writable: Writable, options: TransportOptions = {}): Transport {
  return new StreamTransport(readable, writable, options, { afterFlush: "destroy" });
}

function inputFailed(cause: Error): NarthexError {
  return new NarthexError("CONNECTION_CLOSED", `The connection failed: ${messageOf(cause)}. Connect again.`, { cause });
}
