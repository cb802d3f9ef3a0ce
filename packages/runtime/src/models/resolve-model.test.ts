import { describe, expect, it } from "vitest";
import { createModel, modelConfigFromEnvironment } from "./resolve-model.ts";

describe("modelConfigFromEnvironment", () => {
  it.each([
    [{}, { kind: "offline" }],
    [{ NARTHEX_MODEL: " " }, { kind: "offline" }],
    [{ NARTHEX_MODEL: "offline", NARTHEX_MODEL_API_KEY: "k" }, { kind: "offline" }],
    [
      { NARTHEX_MODEL: "m", NARTHEX_MODEL_BASE_URL: "http://a.test/v1" },
      { kind: "openai", model: "m", baseUrl: "http://a.test/v1" },
    ],
    [
      { NARTHEX_MODEL: "m", NARTHEX_MODEL_BASE_URL: "http://a.test/v1", NARTHEX_MODEL_API_KEY: "k" },
      { kind: "openai", model: "m", baseUrl: "http://a.test/v1", apiKey: "k" },
    ],
  ])("reads %j as %j", (env, expected) => {
    expect(modelConfigFromEnvironment(env)).toEqual(expected);
  });

  it.each([
    [{ NARTHEX_MODEL: "m" }, "NARTHEX_MODEL_BASE_URL"],
    [{ NARTHEX_MODEL_BASE_URL: "http://a.test/v1" }, "NARTHEX_MODEL"],
    [{ NARTHEX_MODEL_API_KEY: "secret" }, "NARTHEX_MODEL and NARTHEX_MODEL_BASE_URL"],
  ])("refuses %j and names what is missing", (env, missing) => {
    const read = (): unknown => modelConfigFromEnvironment(env);
    expect(read).toThrow(
      expect.objectContaining({ code: "MODEL_CONFIG_INVALID", message: expect.stringContaining(`set ${missing} too`) }),
    );
    expect(read).not.toThrow(/secret/);
  });
});

describe("createModel", () => {
  it("creates either kind", () => {
    expect(createModel({ kind: "offline" })).toMatchObject({ id: "offline", isOffline: true });
    expect(createModel({ kind: "openai", model: "m", baseUrl: "http://a.test/v1" })).toMatchObject({
      id: "m",
      isOffline: false,
    });
  });
});
