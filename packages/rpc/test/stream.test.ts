import { PassThrough, Readable, Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { createMemoryPair, encodeFrame } from "@narthex/rpc";
import { streamTransport } from "@narthex/rpc/node";
import { turn, turns, within } from "./deadline.ts";
import { RecordingSink } from "./recording-sink.ts";

/** A stream whose every write fails, as a pipe does whose reader is gone. */
function brokenPipe(): Writable {
  return new Writable({
    write: (_chunk, _encoding, done) => {
      done(new Error("EPIPE"));
    },
  });
}

describe("a stream transport", () => {
  it("leaves the event loop a turn now and then, however much input is there already", async () => {
    const frame = encodeFrame(JSON.stringify("x".repeat(1_000)));
    const chunk = Buffer.concat(Array.from({ length: 60 }, () => frame));
    const chunks = 200;
    let pushed = 0;
    const flood = new Readable({
      read() {
        this.push(pushed++ < chunks ? chunk : null);
      },
    });
    const sink = new RecordingSink();
    let sinceLastTurn = 0;
    let most = 0;
    sink.onMessage = () => {
      most = Math.max(most, ++sinceLastTurn);
    };
    streamTransport(flood, new PassThrough()).start(sink);
    while (sink.closes.length === 0) {
      sinceLastTurn = 0;
      await turn();
    }
    expect(sink.messages.length).toBe(chunks * 60);
    expect(most).toBeLessThanOrEqual(10 * 60);
  });

  it("delivers the other side's last words although writing to it has failed", async () => {
    const input = new PassThrough();
    const sink = new RecordingSink();
    const transport = streamTransport(input, brokenPipe());
    transport.start(sink);
    transport.send("1");
    await turns(3);
    input.end(encodeFrame('"last words"'));
    await sink.ended();
    expect(sink.messages).toEqual(['"last words"']);
  });

  it("ends with an error when writing has failed and nothing more comes", async () => {
    const sink = new RecordingSink();
    const transport = streamTransport(new PassThrough(), brokenPipe());
    transport.start(sink);
    transport.send("1");
    await sink.ended();
    expect(sink.closes).toMatchObject([
      { code: "CONNECTION_CLOSED", message: expect.stringContaining("EPIPE") as string },
    ]);
  });

  it("ends in good order when writing fails while it is being closed", async () => {
    const sink = new RecordingSink();
    const transport = streamTransport(new PassThrough(), brokenPipe());
    transport.start(sink);
    transport.send("1");
    transport.close();
    await sink.ended();
    expect(sink.closes).toEqual([undefined]);
  });

  it("ends with an error when its input is destroyed, or fails", async () => {
    for (const cause of [undefined, new Error("broken")]) {
      const input = new PassThrough();
      const sink = new RecordingSink();
      streamTransport(input, new PassThrough()).start(sink);
      input.destroy(cause);
      await sink.ended();
      await turns(3);
      expect(sink.closes).toMatchObject([{ code: "CONNECTION_CLOSED" }]);
    }
  });

  it("reads a stream that gives text", async () => {
    const input = new PassThrough({ encoding: "utf8" });
    const sink = new RecordingSink();
    streamTransport(input, new PassThrough()).start(sink);
    input.end(encodeFrame('"ö漢😀"'));
    await sink.ended();
    expect(sink.messages).toEqual(['"ö漢😀"']);
  });

  it("refuses bounds that are no whole number of at least 1", () => {
    for (const name of ["maxHeaderBytes", "maxBodyBytes", "lowWaterBytes", "closeTimeoutMs"]) {
      const make = (): unknown => streamTransport(new PassThrough(), new PassThrough(), { [name]: 0 });
      expect(make).toThrow(expect.objectContaining({ code: "CLIENT_OPTIONS_INVALID" }) as Error);
    }
  });
});

describe("the memory pair", () => {
  it("ends both sides with OUTBOUND_QUEUE_FULL past its bound", async () => {
    const [left, right] = createMemoryPair({ maxBufferedBytes: 1_000 });
    const [leftSink, rightSink] = [new RecordingSink(), new RecordingSink()];
    left.start(leftSink);
    right.start(rightSink);
    for (let i = 0; i < 11; i++) left.send("x".repeat(100));
    expect(left.bufferedBytes).toBe(0);
    await leftSink.ended();
    await rightSink.ended();
    expect([leftSink, rightSink].map((sink) => sink.closes[0]?.code)).toEqual([
      "OUTBOUND_QUEUE_FULL",
      "OUTBOUND_QUEUE_FULL",
    ]);
  });

  it("delivers when its schedule says so, in batches with a turn between them", async () => {
    const due: (() => void)[] = [];
    const [left, right] = createMemoryPair({ schedule: (deliver) => due.push(deliver) });
    const sink = new RecordingSink();
    right.start(sink);
    for (let i = 0; i < 10; i++) left.send("x".repeat(30_000));
    const delivered: number[] = [];
    while (due.length > 0) {
      due.shift()?.();
      delivered.push(sink.messages.length);
    }
    expect(delivered.at(-1)).toBe(10);
    expect(delivered.length).toBeGreaterThan(3);
    await within("drained", left.drained());
  });
});
