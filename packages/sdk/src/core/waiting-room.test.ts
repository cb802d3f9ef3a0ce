import { NarthexError } from "@narthex/protocol";
import { describe, expect, it } from "vitest";
import { WaitingRoom } from "./waiting-room.ts";

const FOR_EVER = { waitMs: Number.POSITIVE_INFINITY };

describe("waiting for a connection", () => {
  it("lets everybody go on in order when it is back (W2)", async () => {
    const room = new WaitingRoom();
    const order: number[] = [];
    const calls = [1, 2, 3].map((n) => room.wait(FOR_EVER).then(() => order.push(n)));
    room.open();
    await Promise.all(calls);
    expect(order).toEqual([1, 2, 3]);
  });

  it("tells everybody when it will not come back, once (W1)", async () => {
    const room = new WaitingRoom();
    const calls = Promise.allSettled([room.wait(FOR_EVER), room.wait(FOR_EVER)]);
    room.end(new NarthexError("CONNECTION_CLOSED", "gone"));
    room.open();
    const gone = { status: "rejected", reason: { code: "CONNECTION_CLOSED" } };
    expect(await calls).toMatchObject([gone, gone]);
  });

  it("ends a wait that takes too long, or whose caller has had enough (W1)", async () => {
    const room = new WaitingRoom();
    const abort = new AbortController();
    const cancelled = room.wait({ ...FOR_EVER, signal: abort.signal });
    abort.abort();
    await expect(cancelled).rejects.toMatchObject({ code: "ABORTED" });
    await expect(room.wait({ ...FOR_EVER, signal: abort.signal })).rejects.toMatchObject({ code: "ABORTED" });
    await expect(room.wait({ waitMs: 1 })).rejects.toMatchObject({ code: "NOT_CONNECTED", retry: "after-reconnect" });
  });

  it("holds a bounded number of calls (W4)", async () => {
    const room = new WaitingRoom();
    const calls = Array.from({ length: 10_000 }, () => room.wait(FOR_EVER));
    await expect(room.wait(FOR_EVER)).rejects.toMatchObject({ code: "OUTBOUND_QUEUE_FULL" });
    room.open();
    await Promise.all(calls);
  });
});
