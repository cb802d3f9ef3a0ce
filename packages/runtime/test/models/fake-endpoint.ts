import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

export interface SeenRequest {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: any;
}

export type Answer = (response: ServerResponse, request: SeenRequest) => void;

/** A real HTTP server that answers the n-th request with the n-th answer, and the rest with the last one. */
export async function serveAnswers(...answers: Answer[]): Promise<{ baseUrl: string; seen: SeenRequest[] }> {
  const seen: SeenRequest[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = JSON.parse(Buffer.concat(chunks).toString() || "null");
      seen.push({ path: request.url ?? "", headers: request.headers, body });
      answers[Math.min(seen.length, answers.length) - 1]?.(response, seen.at(-1)!);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, seen };
}

/** One chunk of chat completions. */
export function chunk(delta: object, finishReason: string | null = null): string {
  const choices = [{ index: 0, delta, finish_reason: finishReason }];
  return `data: ${JSON.stringify({ id: "c1", created: 1, model: "m", choices })}\n\n`;
}

export const USAGE = `data: ${JSON.stringify({
  id: "c1",
  choices: [],
  usage: {
    prompt_tokens: 11,
    completion_tokens: 7,
    prompt_tokens_details: { cached_tokens: 4 },
    completion_tokens_details: { reasoning_tokens: 2 },
  },
})}\n\n`;
export const DONE = "data: [DONE]\n\n";

/** A stream of these pieces, each in a write of its own. */
export function stream(...pieces: string[]): Answer {
  return (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const piece of pieces) response.write(piece);
    response.end();
  };
}

/** A stream that stops after these pieces; `end` says how. */
export function streamThen(end: "cut" | "hang", ...pieces: string[]): Answer {
  return (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(pieces.join(""), () => {
      if (end === "cut") response.destroy();
    });
  };
}

export function refuse(status: number, body: unknown, headers: Record<string, string> = {}): Answer {
  return (response) => {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    response
      .writeHead(status, { "content-type": typeof body === "string" ? "text/html" : "application/json", ...headers })
      .end(text);
  };
}

/** A word of text, done well. */
export function say(text: string): Answer {
  return stream(chunk({ role: "assistant", content: text }), chunk({}, "stop"), USAGE, DONE);
}
