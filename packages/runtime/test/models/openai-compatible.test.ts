import { createServer } from "node:net";
import { NarthexError } from "@narthex/protocol";
import { describe, expect, it } from "vitest";
import type { ModelChunk, ModelRequest } from "../../src/models/model.ts";
import {
  createOpenAiCompatibleModel,
  type ModelClock,
  type OpenAiCompatibleOptions,
} from "../../src/models/openai-compatible.ts";
import { chunk, DONE, refuse, say, serveAnswers, stream, streamThen, USAGE, type Answer } from "./fake-endpoint.ts";

const KEY = "sk-very-secret-0123456789";

function request(options: Partial<ModelRequest> = {}): ModelRequest {
  return { messages: [{ role: "user", content: "hi" }], tools: [], signal: new AbortController().signal, ...options };
}

/** Waits are written down instead of waited for. */
function fakeClock(): ModelClock & { waits: number[] } {
  const waits: number[] = [];
  return {
    waits,
    now: () => Date.parse("2026-01-01T00:00:00Z"),
    random: () => 0.5,
    wait: async (ms) => void waits.push(ms),
  };
}

interface Collected {
  readonly chunks: ModelChunk[];
  readonly error?: NarthexError;
}

async function collect(
  options: Omit<OpenAiCompatibleOptions, "model"> & { model?: string },
  req = request(),
): Promise<Collected> {
  const chunks: ModelChunk[] = [];
  try {
    const model = createOpenAiCompatibleModel({ model: "m1", apiKey: KEY, clock: fakeClock(), ...options });
    for await (const part of model.stream(req)) chunks.push(part);
    return { chunks };
  } catch (error) {
    if (!NarthexError.is(error)) throw error;
    return { chunks, error };
  }
}

async function collectFrom(
  answer: Answer,
  options: Partial<OpenAiCompatibleOptions> = {},
  req = request(),
): Promise<Collected> {
  const { baseUrl } = await serveAnswers(answer);
  return collect({ baseUrl, maxRetries: 0, ...options }, req);
}

describe("a good answer", () => {
  it("comes through as text, reasoning and usage, in order", async () => {
    const { chunks } = await collectFrom(
      stream(
        ": keep-alive\n\n",
        chunk({ role: "assistant", content: "" }),
        chunk({ reasoning_content: "hm" }),
        chunk({ content: "Hel" }),
        chunk({ content: "lo ü" }),
        chunk({}, "stop"),
        USAGE,
        DONE,
      ),
    );
    expect(chunks).toEqual([
      { type: "reasoning", text: "hm" },
      { type: "text", text: "Hel" },
      { type: "text", text: "lo ü" },
      {
        type: "finish",
        reason: "stop",
        usage: { inputTokens: 11, outputTokens: 7, cacheReadTokens: 4, reasoningTokens: 2 },
      },
    ]);
  });

  it("survives being cut into pieces anywhere, also inside of a character", async () => {
    const whole = Buffer.from(chunk({ content: "grüße 😀" }) + chunk({}, "stop") + DONE);
    const { chunks } = await collectFrom((response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      for (const byte of whole) response.write(Buffer.from([byte]));
      response.end();
    });
    expect(chunks[0]).toEqual({ type: "text", text: "grüße 😀" });
  });

  it("brings parallel tool calls whose pieces alternate, announced as they come and given out whole at the end", async () => {
    const call = (index: number, rest: object): object => ({ tool_calls: [{ index, ...rest }] });
    const { chunks } = await collectFrom(
      stream(
        chunk(call(0, { id: "a", type: "function", function: { name: "view", arguments: "" } })),
        chunk(call(1, { id: "b", type: "function", function: { name: "bash", arguments: '{"comm' } })),
        chunk(call(0, { function: { arguments: '{"path":' } })),
        chunk(call(1, { function: { arguments: 'and":"ls"}' } })),
        chunk(call(0, { function: { arguments: '"a.ts"}' } })),
        chunk(call(2, { id: "c", function: { name: "none", arguments: "" } })),
        chunk(call(3, { id: "d", function: { name: "odd", arguments: '["x"]' } })),
        chunk({}, "tool_calls"),
        USAGE,
        DONE,
      ),
    );
    expect(chunks.filter((part) => part.type === "tool-call")).toEqual([
      { type: "tool-call", call: { id: "a", name: "view", arguments: { path: "a.ts" } } },
      { type: "tool-call", call: { id: "b", name: "bash", arguments: { command: "ls" } } },
      { type: "tool-call", call: { id: "c", name: "none", arguments: {} } },
      { type: "tool-call", call: { id: "d", name: "odd", arguments: '["x"]' } },
    ]);
    const deltas = chunks.filter((part) => part.type === "tool-call-delta" && part.id === "b");
    expect(deltas.map((part) => part.type === "tool-call-delta" && part.inputDelta).join("")).toBe('{"command":"ls"}');
    expect(deltas[0]).toMatchObject({ name: "bash" });
    expect(chunks.at(-1)).toMatchObject({ type: "finish", reason: "tool-calls" });
  });

  it("is asked for with the whole conversation, the tools, the key and the headers", async () => {
    const { baseUrl, seen } = await serveAnswers(say("ok"));
    const messages: ModelRequest["messages"] = [
      { role: "system", content: "be brief" },
      { role: "user", content: "look" },
      {
        role: "assistant",
        content: "",
        toolCalls: [
          { id: "t1", name: "view", arguments: { path: "a" } },
          { id: "t2", name: "view", arguments: "{broken" },
        ],
      },
      { role: "tool", toolCallId: "t1", toolName: "view", content: "1\tx" },
      { role: "tool", toolCallId: "t2", toolName: "view", content: "malformed" },
    ];
    const tools = [
      { name: "view", description: "looks", parameters: { type: "object", properties: { path: { type: "string" } } } },
    ];
    await collect({ baseUrl, headers: { "x-team": "blue" } }, request({ messages, tools }));
    expect(seen[0]).toMatchObject({
      path: "/v1/chat/completions",
      headers: { authorization: `Bearer ${KEY}`, "x-team": "blue" },
      body: {
        model: "m1",
        stream: true,
        stream_options: { include_usage: true },
        messages: [
          { role: "system", content: "be brief" },
          { role: "user", content: "look" },
          {
            role: "assistant",
            tool_calls: [
              { id: "t1", function: { name: "view", arguments: '{"path":"a"}' } },
              { id: "t2", function: { name: "view", arguments: '{"malformed_arguments":"{broken"}' } },
            ],
          },
          { role: "tool", tool_call_id: "t1", content: "1\tx" },
          { role: "tool", tool_call_id: "t2", content: "malformed" },
        ],
        tools: [
          { type: "function", function: { name: "view", description: "looks", parameters: tools[0]?.parameters } },
        ],
      },
    });
  });
});

describe("a refusal", () => {
  it.each([
    [401, "MODEL_AUTHENTICATION"],
    [403, "MODEL_AUTHENTICATION"],
    [429, "MODEL_RATE_LIMITED"],
    [500, "MODEL_SERVER_ERROR"],
    [503, "MODEL_SERVER_ERROR"],
    [400, "MODEL_BAD_REQUEST"],
    [404, "MODEL_BAD_REQUEST"],
    [422, "MODEL_BAD_REQUEST"],
  ])("with %i is %s, and names address, model and what the server said", async (status, code) => {
    const { error } = await collectFrom(refuse(status, { error: { message: "because of this" } }));
    expect(error).toMatchObject({ code, data: { statusCode: status } });
    expect(error?.message).toMatch(/The model m1 at http:\/\/127\.0\.0\.1:\d+\/v1 .*because of this/);
  });

  it("carries the wait that a rate limit asks for", async () => {
    const { error } = await collectFrom(refuse(429, {}, { "retry-after": "7" }));
    expect(error).toMatchObject({ code: "MODEL_RATE_LIMITED", data: { statusCode: 429, retryAfterMs: 7_000 } });
  });

  it("does not follow a redirect, which would carry the key elsewhere", async () => {
    const other = await serveAnswers(say("stolen"));
    const { error } = await collectFrom(refuse(307, {}, { location: `${other.baseUrl}/chat/completions` }));
    expect(error).toMatchObject({ code: "MODEL_BAD_REQUEST", data: { statusCode: 307 } });
    expect(other.seen).toEqual([]);
  });

  it("shows no markup of a proxy's error page", async () => {
    const { error } = await collectFrom(refuse(502, "<html><body>Bad gateway</body></html>"));
    expect(error?.code).toBe("MODEL_SERVER_ERROR");
    expect(error?.message).not.toContain("<");
  });

  it("is MODEL_UNREACHABLE when nobody listens or the name is unknown", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    await new Promise<void>((resolve) => server.close(() => resolve()));
    const refused = await collect({ baseUrl: `http://127.0.0.1:${port}/v1`, maxRetries: 0 });
    expect(refused.error).toMatchObject({ code: "MODEL_UNREACHABLE", data: { networkCode: "ECONNREFUSED" } });
    const unknown = await collect({ baseUrl: "http://no-such-host.invalid/v1", maxRetries: 0 });
    expect(unknown.error).toMatchObject({ code: "MODEL_UNREACHABLE" });
  });
});

describe("an answer that breaks off", () => {
  const start = chunk({ content: "Hel" });
  const callStart = chunk({
    tool_calls: [{ index: 0, id: "a", function: { name: "bash", arguments: '{"command":"rm x"}' } }],
  });

  it.each<[string, Answer, string]>([
    ["is cut", streamThen("cut", start), "the connection was cut"],
    ["ends without a finish", stream(start, callStart), "ended without a finish reason"],
    ["ends at once", stream(), "ended without a finish reason"],
    ["holds a piece that is no JSON", stream(start, "data: {oops\n\n", chunk({}, "stop"), DONE), "no JSON"],
    ["holds a piece of another form", stream(start, 'data: {"choices": 5}\n\n', DONE), "not in the form"],
    ["holds an error of the server", stream(start, 'data: {"error":{"message":"overloaded"}}\n\n', DONE), "overloaded"],
    ["is no stream", refuse(200, "<html>welcome</html>"), "no event stream but text/html"],
  ])("is MODEL_STREAM_BROKEN when it %s, and starts no tool", async (_, answer, text) => {
    const { chunks, error } = await collectFrom(answer);
    expect(error?.code).toBe("MODEL_STREAM_BROKEN");
    expect(error?.message).toContain(text);
    expect(chunks.filter((part) => part.type === "tool-call" || part.type === "finish")).toEqual([]);
  });

  it("is MODEL_STREAM_BROKEN when nothing comes for too long, or too much comes", async () => {
    const silent = await collectFrom(streamThen("hang", start), { idleTimeoutMs: 100 });
    expect(silent.chunks).toEqual([{ type: "text", text: "Hel" }]);
    expect(silent.error).toMatchObject({
      code: "MODEL_STREAM_BROKEN",
      message: expect.stringContaining("nothing came for 100 ms"),
    });
    const endless = await collectFrom(stream(...Array.from({ length: 200 }, () => start)), { maxResponseBytes: 5_000 });
    expect(endless.error).toMatchObject({
      code: "MODEL_STREAM_BROKEN",
      message: expect.stringContaining("larger than 5000 bytes"),
    });
  });

  it("is MODEL_UNREACHABLE when it does not even begin in time, and is not tried again", async () => {
    const { baseUrl, seen } = await serveAnswers(() => {});
    const { error } = await collect({ baseUrl, requestTimeoutMs: 100, maxRetries: 2 });
    expect(error).toMatchObject({ code: "MODEL_UNREACHABLE", message: expect.stringContaining("within 100 ms") });
    expect(seen).toHaveLength(1);
  });
});

describe("cancelling", () => {
  it.each<[string, Answer]>([
    ["before the answer begins", () => {}],
    ["while nothing more comes", streamThen("hang", chunk({ content: "Hel" }))],
  ])("rejects with ABORTED %s", async (_, answer) => {
    const controller = new AbortController();
    const { error } = await collectFrom(
      (response, seen) => {
        answer(response, seen);
        setImmediate(() => controller.abort());
      },
      {},
      request({ signal: controller.signal }),
    );
    expect(error?.code).toBe("ABORTED");
  });

  it("rejects with ABORTED while it waits for a retry or for a key, and when it was cancelled before", async () => {
    const controller = new AbortController();
    const clock: ModelClock = {
      ...fakeClock(),
      wait: (_, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason as Error));
          controller.abort();
        }),
    };
    const waiting = await collectFrom(
      refuse(500, {}),
      { maxRetries: 2, clock },
      request({ signal: controller.signal }),
    );
    expect(waiting.error?.code).toBe("ABORTED");
    const second = new AbortController();
    const getApiKey = (): Promise<string> => {
      setImmediate(() => second.abort());
      return new Promise(() => {});
    };
    const { baseUrl, seen } = await serveAnswers(say("ok"));
    expect((await collect({ baseUrl, getApiKey }, request({ signal: second.signal }))).error?.code).toBe("ABORTED");
    expect((await collect({ baseUrl }, request({ signal: second.signal }))).error?.code).toBe("ABORTED");
    expect(seen).toEqual([]);
  });

  it("closes the connection when the reader stops early", async () => {
    let isClosed: () => void = () => {};
    const closed = new Promise<void>((resolve) => (isClosed = resolve));
    const { baseUrl } = await serveAnswers((response, seen) => {
      response.on("close", isClosed);
      streamThen("hang", chunk({ content: "Hel" }))(response, seen);
    });
    for await (const _ of createOpenAiCompatibleModel({ baseUrl, model: "m" }).stream(request())) break;
    await closed;
  });
});

describe("retries", () => {
  it("tries again after 429 and 5xx, waiting as long as the server asks or ever longer", async () => {
    const clock = fakeClock();
    const { baseUrl, seen } = await serveAnswers(
      refuse(503, {}),
      refuse(429, {}, { "retry-after": "3" }),
      refuse(500, {}),
      say("ok"),
    );
    const { chunks } = await collect({ baseUrl, clock, maxRetries: 3 });
    expect(chunks[0]).toEqual({ type: "text", text: "ok" });
    expect(seen).toHaveLength(4);
    expect(clock.waits).toEqual([375, 3_000, 1_500]);
  });

  it("gives up after the last retry, and at once when it would have to wait too long or it cannot help", async () => {
    const twice = await serveAnswers(refuse(500, {}));
    expect((await collect({ baseUrl: twice.baseUrl })).error?.code).toBe("MODEL_SERVER_ERROR");
    expect(twice.seen).toHaveLength(3);
    const long = await serveAnswers(refuse(429, {}, { "retry-after": "Thu, 01 Jan 2026 01:00:00 GMT" }));
    expect((await collect({ baseUrl: long.baseUrl })).error).toMatchObject({ data: { retryAfterMs: 3_600_000 } });
    expect(long.seen).toHaveLength(1);
    const bad = await serveAnswers(refuse(400, {}));
    await collect({ baseUrl: bad.baseUrl });
    expect(bad.seen).toHaveLength(1);
  });

  it("never tries again once anything has come", async () => {
    const { baseUrl, seen } = await serveAnswers(streamThen("cut", chunk({ content: "Hel" })), say("again"));
    const { chunks, error } = await collect({ baseUrl });
    expect(chunks).toEqual([{ type: "text", text: "Hel" }]);
    expect(error?.code).toBe("MODEL_STREAM_BROKEN");
    expect(seen).toHaveLength(1);
  });

  it("asks for a key before every call, and once more after a 401", async () => {
    const keys = ["first-key", "second-key", "third-key"];
    const { baseUrl, seen } = await serveAnswers(refuse(401, {}), say("ok"));
    const given = await collect({ baseUrl, getApiKey: async () => keys.shift() ?? "" });
    expect(given.error).toBeUndefined();
    expect(seen.map((one) => one.headers.authorization)).toEqual(["Bearer first-key", "Bearer second-key"]);
    const always = await serveAnswers(refuse(401, {}));
    expect((await collect({ baseUrl: always.baseUrl, getApiKey: async () => "k3y-wrong" })).error?.code).toBe(
      "MODEL_AUTHENTICATION",
    );
    expect(always.seen).toHaveLength(2);
    const none = await collect({ baseUrl, getApiKey: () => Promise.reject(new Error("vault is sealed")) });
    expect(none.error).toMatchObject({
      code: "MODEL_AUTHENTICATION",
      message: expect.stringContaining("vault is sealed"),
    });
  });
});

describe("the key", () => {
  /** Everything that could be logged of an error. */
  function everythingIn(error: unknown): string {
    const texts: string[] = [];
    for (let current: unknown = error; current instanceof Error; current = current.cause) {
      texts.push(
        current.message,
        current.stack ?? "",
        JSON.stringify(current),
        JSON.stringify((current as NarthexError).data ?? null),
      );
    }
    return texts.join("\n");
  }

  it.each<[string, Answer]>([
    ["a refusal", refuse(401, { error: { message: `Incorrect API key provided: ${KEY}.` } })],
    ["a plain text", refuse(500, `upstream said: bad key ${KEY}`)],
    ["an escaped form", refuse(400, { error: { message: encodeURIComponent(`${KEY}/x`) } })],
    ["the stream", stream(`data: ${JSON.stringify({ error: { message: `key ${KEY} expired` } })}\n\n`)],
    ["a malformed piece", stream(`data: {"key": "${KEY}"\n\n`)],
    ["a secret header", refuse(400, { detail: "X-Api-Key was header-secret-1" })],
  ])("is not in the error when the server repeats it in %s", async (_, answer) => {
    const { error } = await collectFrom(answer, { headers: { "X-Api-Key": "header-secret-1" } });
    expect(error).toBeDefined();
    expect(everythingIn(error)).not.toContain(KEY);
    expect(everythingIn(error)).not.toContain("header-secret-1");
  });

  it("is not in the error when the endpoint cannot be reached", async () => {
    const { error } = await collect({ baseUrl: "http://127.0.0.1:1/v1", maxRetries: 0 });
    expect(error?.code).toBe("MODEL_UNREACHABLE");
    expect(everythingIn(error)).not.toContain(KEY);
  });
});

describe("createOpenAiCompatibleModel", () => {
  it.each([
    [{ baseUrl: "localhost:11434", model: "m" }, "no http(s) address"],
    [{ baseUrl: "", model: "m" }, "no http(s) address"],
    [{ baseUrl: "https://me:pa55word@host.test/v1", model: "m" }, "host.test"],
    [{ baseUrl: "https://host.test/v1?key=pa55word", model: "m" }, "apiKey"],
    [{ baseUrl: "https://host.test/v1", model: " " }, "No model is named"],
  ])("refuses %j", (options, text) => {
    const create = (): unknown => createOpenAiCompatibleModel(options);
    expect(create).toThrow(
      expect.objectContaining({ code: "MODEL_CONFIG_INVALID", message: expect.stringContaining(text) }),
    );
    expect(create).not.toThrow(/pa55word/);
  });

  it("tells its name and size", () => {
    expect(createOpenAiCompatibleModel({ baseUrl: "http://a.test/v1", model: "m" })).toMatchObject({
      id: "m",
      isOffline: false,
      contextTokens: 128_000,
    });
  });
});
