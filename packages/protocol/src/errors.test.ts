import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ERROR_CODES, type ErrorCode } from "./error-codes.ts";
import { NarthexError, messageOf } from "./errors.ts";

const codes = Object.keys(ERROR_CODES) as ErrorCode[];

describe("errors across the wire", () => {
  it("keep code, message, number and data", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...codes),
        fc.string(),
        fc.dictionary(fc.string(), fc.string()),
        (code, message, data) => {
          const { code: _own, ...rest } = data;
          const sent = new NarthexError(code, message, { data: rest });
          const received = NarthexError.fromRpc(structuredClone(sent.toRpc()));
          expect(received).toMatchObject({
            code,
            message,
            rpcCode: ERROR_CODES[code].rpcCode,
            retry: ERROR_CODES[code].retry,
          });
          expect(received.data).toEqual({ code, ...rest });
        },
      ),
    );
  });

  it.each([
    [-32601, "METHOD_NOT_FOUND"],
    [-32602, "INVALID_PARAMS"],
    [-32001, "AUTHENTICATION_REQUIRED"],
    [-32603, "REQUEST_FAILED"],
    [-1, "REQUEST_FAILED"],
  ])("of a stranger get a code by their number: %i", (rpcCode, code) => {
    const error = NarthexError.fromRpc({ code: rpcCode, message: "m", data: { reason: "policy_blocked" } });
    expect(error).toMatchObject({ code, rpcCode, message: "m", data: { reason: "policy_blocked" } });
  });

  it("are recognised by their brand, not by their class", () => {
    const copy = Object.assign(new Error("from another copy"), { [Symbol.for("narthex.error")]: true });
    expect(NarthexError.is(copy)).toBe(true);
    expect(NarthexError.is(new Error("no"))).toBe(false);
    expect(NarthexError.is(null)).toBe(false);
  });

  it("wrap whatever was thrown", () => {
    const cause = new TypeError("odd");
    expect(NarthexError.from(cause, "TOOL_FAILED")).toMatchObject({ code: "TOOL_FAILED", message: "odd", cause });
    const own = new NarthexError("ABORTED", "x");
    expect(NarthexError.from(own)).toBe(own);
    const hostile = {
      toString: () => {
        throw new Error("no");
      },
    };
    expect(messageOf(hostile)).toBe("unknown error");
  });
});
