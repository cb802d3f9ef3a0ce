import { NarthexError, PROTOCOL_VERSION } from "@narthex/protocol";
import { expect, it } from "vitest";
import { connectedPair } from "./fixture.ts";

it("connects to a runtime that refuses fields it does not know, as the official one does", async () => {
  const asked: Record<string, unknown>[] = [];
  const connect = (params: Record<string, unknown>): unknown => {
    asked.push(params);
    if ("features" in params) {
      throw new NarthexError(
        "INVALID_PARAMS",
        "Invalid connect request: unknown field `features`, expected one of `token`",
      );
    }
    return { ok: true, protocolVersion: PROTOCOL_VERSION, version: "strict" };
  };
  const { client } = await connectedPair({ runtime: { answers: { connect } } });
  expect((await client.ping()).protocolVersion).toBe(PROTOCOL_VERSION);
  expect(asked).toEqual([{ features: ["early-session-traffic"] }, {}]);
});

it("asks once when the runtime refuses for another reason", async () => {
  let asked = 0;
  const connect = (): never => {
    asked += 1;
    throw new NarthexError("AUTHENTICATION_FAILED", "AUTHENTICATION_FAILED: the token is wrong");
  };
  await expect(connectedPair({ runtime: { answers: { connect } } })).rejects.toMatchObject({
    code: "AUTHENTICATION_FAILED",
  });
  expect(asked).toBe(1);
});
