import { PassThrough, Transform } from "node:stream";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NarthexError } from "@narthex/protocol";
import { RpcPeer, type PeerHandler } from "@narthex/rpc";
import { streamTransport } from "@narthex/rpc/node";
import { turns, within } from "./deadline.ts";

/** What one side does next. `turns` is how long the other side's handler takes. */
type Step =
  | { kind: "notify" }
  | { kind: "wait" }
  | { kind: "request"; ends: "value" | "promise" | "throw" | "reject" | "unwritable" | "callback"; turns: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Step>({ kind: "notify" }) },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: "wait" }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("request" as const),
      ends: fc.constantFrom("value", "promise", "throw", "reject", "unwritable", "callback"),
      turns: fc.nat(3),
    }),
  },
);

/** Passes bytes on in pieces of the given sizes, over and over: frames are cut anywhere. */
function resplit(sizes: number[]): Transform {
  let next = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      for (let at = 0; at < chunk.length;) {
        const size = sizes[next++ % sizes.length] ?? 1;
        this.push(chunk.subarray(at, at + size));
        at += size;
      }
      done();
    },
  });
}

interface Params {
  n: number;
  ends: string;
  turns: number;
}

/** One side: sends numbered messages, answers those of the other, and notes what it saw. */
class Side {
  readonly arrived: number[] = [];
  readonly answeredBy: Map<number, number> = new Map();
  readonly peer: RpcPeer;
  #sent = 0;

  constructor(readable: PassThrough, writable: Transform) {
    const handler: PeerHandler = {
      notification: (_method, params) => this.arrived.push((params as Params).n),
      request: (method, params) => this.#handle(method, params as Params),
      problem: (error) => {
        throw error;
      },
    };
    this.peer = new RpcPeer(streamTransport(readable, writable), handler);
    this.peer.start();
  }

  get sent(): number {
    return this.#sent;
  }

  async run(steps: Step[]): Promise<void> {
    const calls: Promise<void>[] = [];
    for (const next of steps) {
      if (next.kind === "wait") await turns(1);
      else if (next.kind === "notify") this.peer.notify("n", { n: this.#sent++ });
      else calls.push(this.#call({ n: this.#sent++, ends: next.ends, turns: next.turns }));
    }
    await Promise.all(calls);
  }

  async #call(params: Params): Promise<void> {
    let told = 0;
    const onResponse = (): void => {
      told++;
      this.answeredBy.set(params.n, (this.answeredBy.get(params.n) ?? 0) + 1);
    };
    const outcome = await this.peer.request(params.ends, params, { onResponse }).then(
      (result) => ({ result }),
      (error: unknown) => ({ code: NarthexError.from(error).code }),
    );
    const fails = ["throw", "reject", "unwritable"].includes(params.ends);
    expect(outcome).toEqual(fails ? { code: "HANDLER_FAILED" } : { result: params.n });
    expect(told).toBe(1);
  }

  #handle(method: string, params: Params): unknown {
    if (method !== "nested") this.arrived.push(params.n);
    switch (method) {
      case "throw":
        throw new Error("thrown");
      case "unwritable":
        return 10n;
      case "value":
      case "nested":
        return params.n;
      default:
        return this.#finishLater(method, params);
    }
  }

  async #finishLater(method: string, params: Params): Promise<unknown> {
    await turns(params.turns);
    if (method === "reject") throw new Error("rejected");
    return method === "callback" ? this.peer.request("nested", params) : params.n;
  }
}

describe("two peers over streams that cut frames anywhere", () => {
  it("answer every call exactly once, and see every message in the order it was sent", async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 10 });
    const steps = fc.array(step, { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(steps, steps, sizes, sizes, async (leftSteps, rightSteps, leftSizes, rightSizes) => {
        const [toLeft, toRight] = [new PassThrough(), new PassThrough()];
        const [fromLeft, fromRight] = [resplit(leftSizes), resplit(rightSizes)];
        fromLeft.pipe(toRight);
        fromRight.pipe(toLeft);
        const left = new Side(toLeft, fromLeft);
        const right = new Side(toRight, fromRight);
        await within("both sides to finish", Promise.all([left.run(leftSteps), right.run(rightSteps)]));
        await Promise.all([left.peer.request("nested", { n: 0 }), right.peer.request("nested", { n: 0 })]);
        expect(right.arrived).toEqual(Array.from({ length: left.sent }, (_, n) => n));
        expect(left.arrived).toEqual(Array.from({ length: right.sent }, (_, n) => n));
        expect([left.peer.pendingCalls, right.peer.pendingCalls]).toEqual([0, 0]);
        left.peer.close();
        await within("both sides to end", Promise.all([left.peer.closed, right.peer.closed]));
      }),
      { numRuns: 60 },
    );
  });

  it("settle every call when the connection breaks at any moment", async () => {
    const steps = fc.array(step, { minLength: 1, maxLength: 25 });
    await fc.assert(
      fc.asyncProperty(steps, fc.nat(6), fc.boolean(), async (steps, breakAfter, isLeft) => {
        const [toLeft, toRight] = [new PassThrough(), new PassThrough()];
        const left = new RpcPeer(streamTransport(toLeft, toRight), {});
        const slow = async (): Promise<number> => {
          await turns(3);
          return 1;
        };
        const right = new RpcPeer(streamTransport(toRight, toLeft), { request: slow });
        left.start();
        right.start();
        const calls = steps.map(() => left.request("m"));
        await turns(breakAfter);
        (isLeft ? left : right).close();
        const settled = await within("every call to settle", Promise.allSettled(calls));
        expect(settled.filter(isWrong)).toEqual([]);
        await within("both sides to end", Promise.all([left.closed, right.closed]));
        expect(left.pendingCalls).toBe(0);
      }),
      { numRuns: 60 },
    );
  });
});

function isWrong(call: PromiseSettledResult<unknown>): boolean {
  return call.status === "rejected" && NarthexError.from(call.reason).code !== "CONNECTION_CLOSED";
}
