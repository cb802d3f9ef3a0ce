import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeFrame } from "../encode-frame.ts";
import { FrameQueue } from "./frame-queue.ts";

function takeAll(queue: FrameQueue): Buffer {
  const blocks: Buffer[] = [];
  for (let block = queue.take(); block !== undefined; block = queue.take()) blocks.push(Buffer.from(block));
  return Buffer.concat(blocks);
}

const expected = (bodies: string[]): Buffer => Buffer.concat(bodies.map(encodeFrame));

describe("FrameQueue", () => {
  it("writes the frames that encodeFrame makes, in order, whenever they are taken", () => {
    const body = fc.oneof(
      fc.string({ unit: "binary", maxLength: 120 }),
      fc.tuple(fc.constantFrom("a", "ö", "漢", "😀"), fc.nat(23_000)).map(([unit, count]) => unit.repeat(count)),
    );
    const steps = fc.array(fc.tuple(body, fc.boolean()), { maxLength: 25 });
    fc.assert(
      fc.property(steps, (steps) => {
        const queue = new FrameQueue();
        const written: Buffer[] = [];
        for (const [body, isTaken] of steps) {
          queue.push(body);
          if (isTaken) written.push(takeAll(queue));
        }
        written.push(takeAll(queue));
        expect(Buffer.concat(written).equals(expected(steps.map(([body]) => body)))).toBe(true);
        expect(queue.bytes).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  // Every width of the length, and for each the case where the bytes need one digit more than the UTF-16 units did.
  it.each([0, 1, 9, 10, 33, 34, 99, 100, 333, 334, 999, 1000, 9_999, 10_000, 21_834, 21_835, 21_836, 99_999, 100_000])(
    "gets the header right around %i units",
    (units) => {
      for (const unit of ["a", "ö", "漢"]) {
        const queue = new FrameQueue();
        queue.push(unit.repeat(units));
        expect(takeAll(queue).equals(expected([unit.repeat(units)]))).toBe(true);
      }
    },
  );

  it("counts the bytes that wait", () => {
    const queue = new FrameQueue();
    const bodies = ["{}", "ö".repeat(50), "x".repeat(200_000)];
    for (const body of bodies) queue.push(body);
    expect(queue.bytes).toBe(expected(bodies).length);
    const first = queue.take();
    expect(queue.bytes).toBe(expected(bodies).length - (first?.length ?? 0));
    queue.clear();
    expect([queue.bytes, queue.take()]).toEqual([0, undefined]);
  });

  it("packs many small messages into few blocks, of at most 64 KiB", () => {
    const queue = new FrameQueue();
    for (let i = 0; i < 1_000; i++) queue.push(JSON.stringify("m".repeat(300)));
    const sizes: number[] = [];
    for (let block = queue.take(); block !== undefined; block = queue.take()) sizes.push(block.length);
    expect(sizes.length).toBeLessThan(12);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(64 * 1024);
  });

  it("does not touch bytes that were taken", () => {
    const queue = new FrameQueue();
    queue.push('"first"');
    const taken = queue.take();
    queue.push('"second"');
    expect(taken?.toString()).toBe('Content-Length: 7\r\n\r\n"first"');
  });
});
