import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NarthexError } from "@narthex/protocol";
import { encodeFrame } from "./encode-frame.ts";
import { FrameParser, type FrameLimits } from "./frame-parser.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (body: Uint8Array | undefined): string | undefined =>
  body === undefined ? undefined : new TextDecoder("utf-8", { ignoreBOM: true }).decode(body);

function readAll(parser: FrameParser): string[] {
  const frames: string[] = [];
  for (let body = parser.tryRead(); body !== undefined; body = parser.tryRead()) frames.push(text(body) ?? "");
  return frames;
}

function codeOf(act: () => unknown): string {
  try {
    act();
    return "no error";
  } catch (error) {
    return NarthexError.is(error) ? error.code : String(error);
  }
}

function concat(parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** `whole` cut at the given places, wherever they fall. */
function split(whole: Uint8Array, cuts: number[]): Uint8Array[] {
  const places = [0, ...cuts.map((cut) => cut % (whole.length + 1)).sort((a, b) => a - b), whole.length];
  return places.slice(1).map((end, i) => whole.subarray(places[i], end));
}

describe("FrameParser", () => {
  const accepted: [string, string, string[]][] = [
    ["a plain frame", "Content-Length: 2\r\n\r\n{}", ["{}"]],
    ["two frames in one chunk", "Content-Length: 2\r\n\r\n{}Content-Length: 4\r\n\r\nnull", ["{}", "null"]],
    ["an empty body", "Content-Length: 0\r\n\r\nContent-Length: 1\r\n\r\n1", ["", "1"]],
    ["a header name in any case", "content-LENGTH: 2\r\n\r\n{}", ["{}"]],
    ["no space after the colon", "Content-Length:2\r\n\r\n{}", ["{}"]],
    ["much space around the value", "Content-Length: \t 2 \t\r\n\r\n{}", ["{}"]],
    ["leading zeros", "Content-Length: 0002\r\n\r\n{}", ["{}"]],
    ["other headers before and after", "X-A: b: c\r\nContent-Length: 2\r\nContent-Type: x; y=z\r\n\r\n{}", ["{}"]],
    ["a header without a value", "X-Empty:\r\nContent-Length: 2\r\n\r\n{}", ["{}"]],
    ["bytes beyond ASCII in another header", "X-A: ö漢\r\nContent-Length: 2\r\n\r\n{}", ["{}"]],
    ["the same length said twice", "Content-Length: 2\r\ncontent-length: 2\r\n\r\n{}", ["{}"]],
    ["bare line feeds", "Content-Length: 2\n\n{}", ["{}"]],
    ["line feeds of both kinds", "X: y\nContent-Length: 2\r\n\n{}", ["{}"]],
    ["a body of several bytes a character", 'Content-Length: 11\r\n\r\n"ö漢😀"', ['"ö漢😀"']],
  ];

  it.each(accepted)("accepts %s", (_what, input, frames) => {
    const parser = new FrameParser();
    parser.append(bytes(input));
    expect(readAll(parser)).toEqual(frames);
    expect(parser.bufferedBytes).toBe(0);
  });

  const refused: [string, string, string][] = [
    ["a line without a colon", "garbage\r\n", "FRAME_HEADER_INVALID"],
    ["a log line on the channel, although no empty line follows", "listening\n", "FRAME_HEADER_INVALID"],
    ["a line without a name", ": 2\r\n", "FRAME_HEADER_INVALID"],
    ["a block without a content length", "Content-Type: x\r\n\r\n{}", "FRAME_HEADER_INVALID"],
    ["an empty block", "\r\n\r\n", "FRAME_HEADER_INVALID"],
    ["two different lengths", "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} ", "FRAME_HEADER_INVALID"],
    ["a negative length", "Content-Length: -1\r\n\r\n", "FRAME_HEADER_INVALID"],
    ["a signed length", "Content-Length: +2\r\n\r\n{}", "FRAME_HEADER_INVALID"],
    ["a hexadecimal length", "Content-Length: 0x2\r\n\r\n{}", "FRAME_HEADER_INVALID"],
    ["a fractional length", "Content-Length: 2.0\r\n\r\n{}", "FRAME_HEADER_INVALID"],
    ["a length with something behind it", "Content-Length: 2 bytes\r\n\r\n{}", "FRAME_HEADER_INVALID"],
    ["no length after the name", "Content-Length:\r\n\r\n{}", "FRAME_HEADER_INVALID"],
    ["a body over the limit", "Content-Length: 1025\r\n\r\n", "FRAME_TOO_LARGE"],
    ["a length beyond exact numbers", "Content-Length: 99999999999999999999\r\n\r\n", "FRAME_TOO_LARGE"],
    ["a length of 150 digits", `Content-Length: ${"9".repeat(150)}\r\n\r\n`, "FRAME_TOO_LARGE"],
    ["a header block over the limit", `X: ${"y".repeat(100)}\r\n`.repeat(3), "FRAME_TOO_LARGE"],
    ["a line that never ends", "y".repeat(300), "FRAME_TOO_LARGE"],
  ];
  const limits: FrameLimits = { maxHeaderBytes: 256, maxBodyBytes: 1024 };

  it.each(refused)("refuses %s", (_what, input, code) => {
    const parser = new FrameParser(limits);
    parser.append(bytes(input));
    expect(codeOf(() => parser.tryRead())).toBe(code);
  });

  it.each(refused)("refuses %s also when it comes byte by byte", (_what, input, code) => {
    const parser = new FrameParser(limits);
    const outcome = codeOf(() => {
      for (const byte of bytes(input)) {
        parser.append(Uint8Array.of(byte));
        parser.tryRead();
      }
    });
    expect(outcome).toBe(code);
  });

  it("accepts a header and a body of exactly the limit", () => {
    const header = "Content-Length: 10\r\n\r\n";
    const parser = new FrameParser({ maxHeaderBytes: header.length, maxBodyBytes: 10 });
    parser.append(bytes(`${header}0123456789`));
    expect(readAll(parser)).toEqual(["0123456789"]);
  });

  it("gives the frames before a malformed one, and after it only the same error", () => {
    const parser = new FrameParser();
    parser.append(bytes("Content-Length: 2\r\n\r\n{}oops\r\nContent-Length: 2\r\n\r\n{}"));
    expect(text(parser.tryRead())).toBe("{}");
    expect(codeOf(() => parser.tryRead())).toBe("FRAME_HEADER_INVALID");
    parser.append(bytes("Content-Length: 2\r\n\r\n{}"));
    expect(codeOf(() => parser.tryRead())).toBe("FRAME_HEADER_INVALID");
    expect(parser.bufferedBytes).toBe(0);
  });

  it("counts what it holds", () => {
    const parser = new FrameParser();
    const counts = [];
    for (const part of ["Content-Le", "ngth: 5\r\n", "\r\n12", "345Con"]) {
      parser.append(bytes(part));
      const before = parser.bufferedBytes;
      parser.tryRead();
      parser.tryRead();
      counts.push([before, parser.bufferedBytes]);
    }
    expect(counts).toEqual([
      [10, 10],
      [19, 19],
      [23, 23],
      [29, 3],
    ]);
  });

  it("does not allocate what a header only announces", () => {
    const before = process.memoryUsage().arrayBuffers;
    const parsers = Array.from({ length: 100 }, () => new FrameParser());
    for (const parser of parsers) {
      parser.append(bytes("Content-Length: 60000000\r\n\r\n{"));
      expect(parser.tryRead()).toBeUndefined();
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(60_000_000);
  });

  it("refuses limits that are no whole number of at least 1", () => {
    for (const bad of [0, -1, 1.5, NaN, Infinity]) {
      expect(codeOf(() => new FrameParser({ maxBodyBytes: bad }))).toBe("CLIENT_OPTIONS_INVALID");
      expect(codeOf(() => new FrameParser({ maxHeaderBytes: bad }))).toBe("CLIENT_OPTIONS_INVALID");
    }
  });

  it("gives the same frames however the bytes are split, and whenever it is read", () => {
    const bodies = fc.array(fc.oneof(fc.json(), fc.string({ unit: "binary", maxLength: 400 })), { maxLength: 12 });
    const cuts = fc.array(fc.nat(), { maxLength: 40 });
    fc.assert(
      fc.property(bodies, cuts, fc.array(fc.boolean(), { minLength: 1, maxLength: 8 }), (bodies, cuts, reads) => {
        const whole = concat(bodies.map(encodeFrame));
        const parser = new FrameParser();
        const frames: string[] = [];
        for (const [i, part] of split(whole, cuts).entries()) {
          parser.append(part);
          if (reads[i % reads.length]) frames.push(...readAll(parser));
        }
        frames.push(...readAll(parser));
        expect(frames).toEqual(bodies.map((body) => text(bytes(body))));
        expect(parser.bufferedBytes).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  it("gives the same frames split at every single byte", () => {
    const bodies = ['{"a":"ö漢😀"}', "", "[1,2,3]", "x".repeat(300)];
    const whole = concat(bodies.map(encodeFrame));
    for (let cut = 0; cut <= whole.length; cut++) {
      const parser = new FrameParser();
      parser.append(whole.subarray(0, cut));
      const frames = readAll(parser);
      parser.append(whole.subarray(cut));
      expect([...frames, ...readAll(parser)]).toEqual(bodies);
    }
  });

  it("never holds more than a frame within the limits, and never hangs, whatever comes", () => {
    const pieces = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.constantFrom("Content-Length: ", "\r\n", "\r\n\r\n", "\n", ":", "7", "1024", "9999").map(bytes),
    );
    const most = (limits.maxHeaderBytes ?? 0) + (limits.maxBodyBytes ?? 0);
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 60 }), (pieces) => {
        const parser = new FrameParser(limits);
        for (const piece of pieces) {
          parser.append(piece);
          if (codeOf(() => readAll(parser)) !== "no error") break;
          expect(parser.bufferedBytes).toBeLessThanOrEqual(most);
        }
      }),
      { numRuns: 500 },
    );
  });
});
