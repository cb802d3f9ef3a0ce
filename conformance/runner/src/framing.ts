// Frames as the kit writes and reads them, on purpose not with any SDK's own code: a defect there must not hide here.
import { Buffer } from "node:buffer";
import { Mismatch } from "./kit-error.ts";

/** A body as a frame. */
export function frameOf(body: string): string {
  return `Content-Length: ${Buffer.byteLength(body, "utf8")}\r\n\r\n${body}`;
}

const HEADER_END = Buffer.from("\r\n\r\n");

/** Reads frames out of a stream of bytes; strict, since it judges what an SDK writes. */
export class FrameReader {
  #pending: Buffer = Buffer.alloc(0);

  /** The bodies that are complete now. @throws {Mismatch} when the bytes are no frames */
  push(chunk: Buffer): string[] {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    const bodies: string[] = [];
    for (let body = this.#next(); body !== undefined; body = this.#next()) bodies.push(body);
    return bodies;
  }

  #next(): string | undefined {
    const end = this.#pending.indexOf(HEADER_END);
    if (end === -1) return undefined;
    const header = this.#pending.subarray(0, end).toString("latin1");
    const length = /^content-length: *(\d+)$/im.exec(header)?.[1];
    if (length === undefined)
      throw new Mismatch(`The SDK wrote a header without Content-Length: ${JSON.stringify(header)}`);
    const start = end + HEADER_END.length;
    const stop = start + Number(length);
    if (this.#pending.length < stop) return undefined;
    const body = this.#pending.subarray(start, stop).toString("utf8");
    this.#pending = this.#pending.subarray(stop);
    return body;
  }
}
