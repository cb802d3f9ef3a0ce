import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { Arrivals } from "./arrivals.ts";

/** What the model says next: text, tool calls, or a failure of the endpoint. */
export type ScriptedAnswer =
  /** The text in pieces; with `pieceDelayMs` a model that takes its time between them. */
  | { readonly text: string; readonly pieceDelayMs?: number }
  | { readonly toolCalls: readonly { readonly name: string; readonly arguments: unknown }[]; readonly text?: string }
  /** An HTTP error before the stream. */
  | { readonly status: number; readonly message?: string; readonly headers?: Record<string, string> }
  /** Some text, and then the connection is cut. */
  | { readonly cutAfter: string }
  /** Some text, and then nothing until the client goes away. */
  | { readonly hangAfter: string };

/** One entry of a script: an answer, or what finds one for the call. The last entry answers every further call. */
export type ScriptEntry = ScriptedAnswer | ((call: ModelCall) => ScriptedAnswer);

/** What an endpoint was asked, as it arrived. */
export interface ModelCall {
  readonly headers: IncomingMessage["headers"];
  readonly body: {
    readonly model: string;
    readonly messages: readonly Record<string, unknown>[];
    readonly [field: string]: unknown;
  };
}

/**
 * An OpenAI-compatible chat-completions endpoint that answers from a script, as a stream where it is asked for. Past the end of the script it
 * repeats the last answer.
 */
export class ScriptedModel {
  readonly #server: Server;
  readonly #script: ScriptEntry[];
  /** What it was asked, oldest first. */
  readonly calls: ModelCall[] = [];
  readonly #arrivals = new Arrivals<ModelCall>();

  constructor(server: Server, script: readonly ScriptEntry[]) {
    this.#server = server;
    this.#script = [...script];
    server.on("request", (request, response) => void this.#answer(request, response));
  }

  /** Base URL for a provider. */
  get baseUrl(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  /** The next call, now or when it comes. */
  nextCall(timeoutMs?: number): Promise<ModelCall> {
    return this.#arrivals.next("a model call", () => true, timeoutMs);
  }

  /** Adds to the script. */
  add(...answers: readonly ScriptEntry[]): void {
    this.#script.push(...answers);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const call = {
      headers: request.headers,
      body: JSON.parse(Buffer.concat(chunks).toString("utf8") || "{}") as ModelCall["body"],
    };
    this.calls.push(call);
    this.#arrivals.push(call);
    const entry = (this.#script.length > 1 ? this.#script.shift() : this.#script[0]) ?? { text: "" };
    const answer = typeof entry === "function" ? entry(call) : entry;
    if (call.body.stream === true || "cutAfter" in answer || "hangAfter" in answer)
      await play(answer, call.body.model, response);
    else answerWhole(answer, call.body.model, response);
  }
}

const piecesOf = (text: string): readonly string[] => text.match(/.{1,8}/gs) ?? [];

const USAGE = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };

function fail(answer: Extract<ScriptedAnswer, { status: number }>, response: ServerResponse): void {
  response.writeHead(answer.status, { "content-type": "application/json", ...answer.headers });
  response.end(JSON.stringify({ error: { message: answer.message ?? `status ${answer.status}` } }));
}

/** For a client that did not ask for a stream. */
function answerWhole(answer: ScriptedAnswer, model: string, response: ServerResponse): void {
  if ("status" in answer) return fail(answer, response);
  const calls = "toolCalls" in answer ? answer.toolCalls : [];
  const toolCalls = calls.map((call) => ({
    id: callId(),
    type: "function",
    function: { name: call.name, arguments: JSON.stringify(call.arguments) },
  }));
  const content = "text" in answer ? (answer.text ?? null) : null;
  const message = { role: "assistant", content, ...(toolCalls.length === 0 ? {} : { tool_calls: toolCalls }) };
  const choice = { index: 0, message, finish_reason: toolCalls.length === 0 ? "stop" : "tool_calls" };
  response.writeHead(200, { "content-type": "application/json" });
  response.end(
    JSON.stringify({ id: "c", object: "chat.completion", created: 0, model, choices: [choice], usage: USAGE }),
  );
}

function callId(): string {
  return `call_${Math.random().toString(36).slice(2)}`;
}

async function play(answer: ScriptedAnswer, model: string, response: ServerResponse): Promise<void> {
  if ("status" in answer) return fail(answer, response);
  response.writeHead(200, { "content-type": "text/event-stream" });
  const send = (delta: unknown, finish: string | null = null): void => {
    const chunk = {
      id: "c",
      object: "chat.completion.chunk",
      created: 0,
      model,
      choices: [{ index: 0, delta, finish_reason: finish }],
    };
    response.write(`data: ${JSON.stringify(chunk)}\n\n`);
  };
  const say = (text: string): void => {
    for (const piece of piecesOf(text)) send({ content: piece });
  };
  const sayInTime = async (text: string, pauseMs: number): Promise<void> => {
    for (const piece of piecesOf(text)) {
      if (response.destroyed) return;
      send({ content: piece });
      await delay(pauseMs);
    }
  };
  if ("cutAfter" in answer) {
    say(answer.cutAfter);
    response.write('data: {"id":', () => response.destroy());
    return;
  }
  if ("hangAfter" in answer) {
    say(answer.hangAfter);
    return;
  }
  if ("pieceDelayMs" in answer && answer.pieceDelayMs !== undefined) await sayInTime(answer.text, answer.pieceDelayMs);
  else say(answer.text ?? "");
  const toolCalls = "toolCalls" in answer ? answer.toolCalls : [];
  for (const [index, call] of toolCalls.entries()) {
    const text = JSON.stringify(call.arguments);
    const middle = Math.ceil(text.length / 2);
    const id = callId();
    send({
      tool_calls: [{ index, id, type: "function", function: { name: call.name, arguments: text.slice(0, middle) } }],
    });
    send({ tool_calls: [{ index, function: { arguments: text.slice(middle) } }] });
  }
  send({}, toolCalls.length > 0 ? "tool_calls" : "stop");
  response.write(
    `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 0, model, choices: [], usage: USAGE })}\n\n`,
  );
  response.end("data: [DONE]\n\n");
}

/** Starts a scripted model on a free port of this machine. */
export async function startScriptedModel(...script: readonly ScriptEntry[]): Promise<ScriptedModel> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return new ScriptedModel(server, script);
}
