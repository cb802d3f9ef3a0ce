import { NarthexError } from "@narthex/protocol";
import { describe, expect, it } from "vitest";

import { isBusy, isConstraint, storeError } from "./store-error.ts";

// As node:sqlite and libsql throw them.
const nodeError = (errcode: number) => Object.assign(new Error("text"), { code: "ERR_SQLITE_ERROR", errcode });
const libsqlError = (rawCode: number) => Object.assign(new Error("text"), { code: "SQLITE_X", rawCode });

describe("storeError", () => {
  it.each([
    ["busy", 5, "STORE_UNAVAILABLE", /Another process holds the write lock/],
    ["busy with an older snapshot", 517, "STORE_UNAVAILABLE", /Another process holds the write lock/],
    ["read-only", 8, "STORE_UNAVAILABLE", /permissions/],
    ["a failed write", 778, "STORE_UNAVAILABLE", /check the disk/],
    ["a full disk", 13, "STORE_UNAVAILABLE", /free some space/],
    ["a damaged file", 11, "STORE_CORRUPT", /backup/],
    ["no database", 26, "STORE_CORRUPT", /backup/],
    ["a taken key", 1555, "LOG_CONFLICT", /read its tail again/],
    ["anything else", 1, "STORE_UNAVAILABLE", /^Could not write it: text\.$/],
  ])("says what to do about %s, from either library", (_name, number, code, message) => {
    for (const cause of [nodeError(number), libsqlError(number)]) {
      const error = storeError(cause, "write it");
      expect(error).toMatchObject({ code, cause, message: expect.stringMatching(message) as string });
    }
  });

  it("reads the number that libsql has in the text of a failed open", () => {
    const cause = new Error('ConnectionFailed("Unable to open connection to local database /x: 14")');
    expect(storeError(cause, "open it")).toMatchObject({
      message: expect.stringMatching(/cannot be opened/) as string,
    });
  });

  it("leaves a NarthexError as it is, and takes anything for a cause", () => {
    const own = new NarthexError("SESSION_NOT_FOUND", "gone");
    expect(storeError(own, "x")).toBe(own);
    for (const thrown of [undefined, null, "text", 5]) {
      expect(storeError(thrown, "x").code).toBe("STORE_UNAVAILABLE");
      expect([isBusy(thrown), isConstraint(thrown)]).toEqual([false, false]);
    }
  });
});
