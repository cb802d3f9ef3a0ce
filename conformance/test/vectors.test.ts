// The vectors against our own code: what ports are measured by, we are measured by.
import { readFileSync } from "node:fs";
import path from "node:path";
import { NarthexError, type RpcErrorObject } from "@narthex/protocol";
import { FrameParser, RpcPeer, type TransportSink } from "@narthex/rpc";
import { CopilotClient, RuntimeConnection, type SessionEvent } from "@narthex/sdk";
import { Arrivals, startScriptedRuntime } from "@narthex/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { KIT } from "../runner/src/load.ts";
import { mismatchOf } from "../runner/src/matcher.ts";

function casesOf<T>(file: string): (T & { name: string; clauses: string[] })[] {
  const { about, cases } = JSON.parse(readFileSync(path.join(KIT, "vectors", file), "utf8")) as {
    about: string;
    cases: never[];
  };
  expect(about).toMatch(/\w/);
  expect(cases.length).toBeGreaterThan(5);
  return cases;
}

describe("framing.json", () => {
  const read = (pieces: readonly Uint8Array[]): { bodies: string[]; end: string } => {
    const parser = new FrameParser();
    const bodies: string[] = [];
    try {
      for (const piece of pieces) {
        parser.append(piece);
        for (let body = parser.tryRead(); body !== undefined; body = parser.tryRead())
          bodies.push(new TextDecoder().decode(body));
      }
      return { bodies, end: "open" };
    } catch {
      return { bodies, end: "dead" };
    }
  };

  it.each(casesOf<{ stream: string; bodies: string[]; end: string }>("framing.json"))(
    "$name",
    ({ stream, bodies, end }) => {
      const bytes = new TextEncoder().encode(stream);
      expect(read([bytes])).toEqual({ bodies, end });
      expect(read(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual({ bodies, end });
    },
  );
});

describe("messages.json", () => {
  it.each(casesOf<{ body: string; reply: unknown }>("messages.json"))("$name", async ({ body, reply }) => {
    const sent: unknown[] = [];
    let sink: TransportSink | undefined;
    const transport = {
      start: (given: TransportSink) => void (sink = given),
      send: (text: string) => void sent.push(JSON.parse(text)),
      bufferedBytes: 0,
      drained: async () => undefined,
      close: () => undefined,
    };
    const peer = new RpcPeer(transport, {});
    peer.start();
    sink?.message(body);
    await Promise.resolve();
    expect(sent).toHaveLength(reply === null ? 0 : 1);
    if (reply !== null) expect(mismatchOf(sent[0], reply)).toBeUndefined();
    expect(peer.isClosed).toBe(false);
  });
});

describe("errors.json", () => {
  it.each(casesOf<{ rpc: RpcErrorObject; seen: { code: string; rpcCode: number; retry: string } }>("errors.json"))(
    "$name",
    ({ rpc, seen }) => {
      const { code, rpcCode, retry, message, data } = NarthexError.fromRpc(rpc);
      expect({ code, rpcCode, retry, message, data }).toEqual({ ...seen, message: rpc.message, data: rpc.data });
    },
  );
});

describe("events.json", () => {
  it.each(casesOf<{ event: unknown; isDelivered: boolean }>("events.json"))("$name", async ({ event, isDelivered }) => {
    const runtime = await startScriptedRuntime({ answers: { "session.detach": () => ({ success: true }) } });
    const warnings: string[] = [];
    const warn = (message: string): void => void warnings.push(message);
    const logger = { debug: () => undefined, info: () => undefined, warn, error: warn };
    const client = new CopilotClient({ connection: RuntimeConnection.forUri(runtime.uri), logger });
    onTestFinished(async () => {
      await client.forceStop();
      await runtime.close();
    });
    const seen = new Arrivals<SessionEvent>();
    const creating = client.createCloudSession({ cloud: {}, onEvent: (one) => seen.push(one) });
    (await runtime.nextCall("session.create")).reply({ sessionId: "s-1" });
    await creating;
    runtime.notify("session.event", { sessionId: "s-1", event });
    const last = {
      id: "last",
      timestamp: "",
      parentId: null,
      type: "session.info",
      data: { infoType: "t", message: "last" },
    };
    runtime.notify("session.event", { sessionId: "s-1", event: last });
    if (isDelivered) expect(await seen.next("the event")).toEqual(event);
    expect(await seen.next("what follows it")).toEqual(last);
    expect(warnings.length).toBe(isDelivered ? 0 : 1);
  });
});
