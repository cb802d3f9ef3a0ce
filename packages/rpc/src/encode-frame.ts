const encoder = new TextEncoder();

/**
 * One frame as bytes: the header with the UTF-8 length, an empty line, the body. A lone surrogate in `body` becomes U+FFFD.
 *
 * @example
 * socket.write(encodeFrame(JSON.stringify(message)));
 */
export function encodeFrame(body: string): Uint8Array {
  const content = encoder.encode(body);
  const header = encoder.encode(frameHeader(content.length));
  const frame = new Uint8Array(header.length + content.length);
  frame.set(header);
  frame.set(content, header.length);
  return frame;
}

/** The header block of a body of `bytes` bytes. */
export function frameHeader(bytes: number): string {
  return `Content-Length: ${bytes}\r\n\r\n`;
}
