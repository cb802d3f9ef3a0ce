import { afterEach, describe, expect, it } from "vitest";
import { turns, within } from "./deadline.ts";
import { RecordingSink } from "./recording-sink.ts";
import type { TransportPair } from "./transport-makers.ts";

const ONE_MIB = 1024 * 1024;
/** More than any operating system takes between two processes that do not read. */
const MORE_THAN_THE_KERNEL_TAKES = 32 * ONE_MIB;

/** What every transport owes (T1 … T4 in transport.ts), checked on a pair of joined ones. */
export function describeTransportContract(name: string, make: () => Promise<TransportPair>): void {
  describe(`the ${name} transport`, () => {
    let pair: TransportPair | undefined;

    async function open(): Promise<TransportPair & { leftSink: RecordingSink; rightSink: RecordingSink }> {
      pair = await make();
      return { ...pair, leftSink: new RecordingSink(), rightSink: new RecordingSink() };
    }

    afterEach(async () => {
      pair?.left.destroy?.();
      pair?.right.destroy?.();
      await pair?.release();
      pair = undefined;
    });

    it("delivers messages of all sizes whole and in order, in both directions", async () => {
      const { left, right, leftSink, rightSink } = await open();
      left.start(leftSink);
      right.start(rightSink);
      const texts = [0, 1, 9, 10, 99, 100, 5_000, 21_000, 22_000, 70_000, ONE_MIB].flatMap((size) => [
        JSON.stringify("x".repeat(size)),
        JSON.stringify("ö漢😀".repeat(size / 4)),
      ]);
      for (const text of texts) {
        left.send(text);
        right.send(`[${text}]`);
      }
      await rightSink.received(texts.length);
      await leftSink.received(texts.length);
      expect(rightSink.messages).toEqual(texts);
      expect(leftSink.messages).toEqual(texts.map((text) => `[${text}]`));
    });

    it("keeps what was sent before the other side started", async () => {
      const { left, right, rightSink } = await open();
      left.send('"early"');
      await turns(5);
      right.start(rightSink);
      left.send('"late"');
      await rightSink.received(2);
      expect(rightSink.messages).toEqual(['"early"', '"late"']);
    });

    it("calls no sink from inside start, send or close", async () => {
      const { left, right, leftSink, rightSink } = await open();
      left.send("1");
      right.start(rightSink);
      left.start(leftSink);
      for (let i = 0; i < 5_000; i++) left.send(`"${"y".repeat(100)}"`);
      left.close();
      expect([rightSink.messages.length, rightSink.closes.length, leftSink.closes.length]).toEqual([0, 0, 0]);
      await rightSink.received(5_001);
    });

    it("flushes what is queued when it is closed, then ends both sides in good order, once", async () => {
      const { left, right, leftSink, rightSink } = await open();
      left.start(leftSink);
      right.start(rightSink);
      for (let i = 0; i < 40; i++) left.send(JSON.stringify("z".repeat(100_000)));
      left.close();
      left.close();
      await rightSink.ended();
      await leftSink.ended();
      right.close();
      await turns(5);
      expect(rightSink.messages.length).toBe(40);
      expect(rightSink.closes).toEqual([undefined]);
      expect(leftSink.closes).toEqual([undefined]);
    });

    it("drops what is sent after close, without throwing", async () => {
      const { left, right, leftSink, rightSink } = await open();
      left.start(leftSink);
      right.start(rightSink);
      left.send("1");
      left.close();
      left.send("2");
      await rightSink.ended();
      await leftSink.ended();
      left.send("3");
      right.send("4");
      expect(rightSink.messages).toEqual(["1"]);
      expect(leftSink.messages).toEqual([]);
    });

    it("delivers nothing after close, not even what had arrived with the last message", async () => {
      const { left, right, leftSink, rightSink } = await open();
      rightSink.onMessage = (text) => {
        if (text === "3") right.close();
      };
      left.start(leftSink);
      right.start(rightSink);
      for (let i = 1; i <= 10; i++) left.send(String(i));
      await rightSink.ended();
      await leftSink.ended();
      expect(rightSink.messages).toEqual(["1", "2", "3"]);
    });

    it("ends at once when destroyed, and the other side learns of it", async () => {
      const { left, right, leftSink, rightSink } = await open();
      left.start(leftSink);
      right.start(rightSink);
      left.send("1");
      await rightSink.received(1);
      left.destroy?.();
      await leftSink.ended();
      await rightSink.ended();
      expect(leftSink.closes.length).toBe(1);
      expect(rightSink.closes.length).toBe(1);
    });

    it("reports an end that came before start once it is started", async () => {
      const { left, right, leftSink, rightSink } = await open();
      right.start(rightSink);
      right.close();
      await turns(5);
      left.start(leftSink);
      await leftSink.ended();
      expect(leftSink.closes.length).toBe(1);
    });

    it("is drained when nothing is queued", async () => {
      const { left } = await open();
      await within("drained", left.drained());
      expect(left.bufferedBytes).toBe(0);
    });

    it("counts what a slow reader leaves behind, and is drained when it has caught up", async () => {
      const { left, right, leftSink, rightSink } = await open();
      left.start(leftSink);
      const text = JSON.stringify("s".repeat(ONE_MIB));
      const count = MORE_THAN_THE_KERNEL_TAKES / ONE_MIB;
      for (let i = 0; i < count; i++) left.send(text);
      await turns(20);
      expect(left.bufferedBytes).toBeGreaterThan(ONE_MIB);
      let isDrained = false;
      const drained = left.drained().then(() => (isDrained = true));
      await turns(20);
      expect(isDrained).toBe(false);
      right.start(rightSink);
      await within("drained", drained);
      expect(left.bufferedBytes).toBeLessThanOrEqual(ONE_MIB);
      await rightSink.received(count);
    });

    it("settles a waiting drained() when it ends", async () => {
      const { left, leftSink } = await open();
      left.start(leftSink);
      for (let i = 0; i < 32; i++) left.send(JSON.stringify("s".repeat(ONE_MIB)));
      const drained = left.drained();
      await turns(5);
      left.destroy?.();
      await within("drained", drained);
      await leftSink.ended();
      expect(left.bufferedBytes).toBe(0);
    });
  });
}
