// The part of `grep` that reads files and runs a pattern of unknown cost: in a worker thread, which can be ended.
// The worker is started from this function's own text, because a thread cannot load TypeScript in tests; so the function
// may use nothing from outside of itself but its arguments.
import type fileSystem from "node:fs";
import type { MessagePort } from "node:worker_threads";

/** What a search works on. */
export interface GrepOrder {
  readonly root: string;
  readonly paths: readonly string[];
  readonly pattern: string;
  readonly ignoreCase: boolean;
  readonly mode: "content" | "files_with_matches" | "count";
  readonly showLineNumbers: boolean;
  readonly maxResults: number;
  readonly maxFileBytes: number;
  readonly maxLineChars: number;
}

export interface GrepResult {
  /** Lines as they are shown. */
  readonly lines: string[];
  readonly searchedFiles: number;
  /** Files left out because they are too large. */
  readonly largeFiles: number;
  /** True when there is more than was taken. */
  readonly isCut: boolean;
}

/** The body of the worker. */
export function grepWorkerMain(order: GrepOrder, fs: typeof fileSystem, port: MessagePort): void {
  const flags = order.ignoreCase ? "i" : "";
  const perLine = new RegExp(order.pattern, flags);
  // A file without any match is told quickly by one look at the whole; looking around could tell otherwise.
  const perFile = order.pattern.includes("(?") ? undefined : new RegExp(order.pattern, `${flags}m`);
  const lines: string[] = [];
  let searchedFiles = 0;
  let largeFiles = 0;
  let isCut = false;
  for (const path of order.paths) {
    if (lines.length >= order.maxResults) {
      isCut = true;
      break;
    }
    const text = read(path);
    if (text === undefined) continue;
    searchedFiles += 1;
    if (perFile === undefined || perFile.test(text)) search(path, text);
  }
  port.postMessage({ lines, searchedFiles, largeFiles, isCut });

  function search(path: string, text: string): void {
    let count = 0;
    const all = text.split("\n");
    if (all[all.length - 1] === "") all.pop();
    for (const [i, raw] of all.entries()) {
      const line = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
      if (!perLine.test(line)) continue;
      count += 1;
      if (order.mode === "files_with_matches") break;
      if (order.mode === "count") continue;
      if (lines.length >= order.maxResults) {
        isCut = true;
        return;
      }
      const shown = line.length > order.maxLineChars ? `${line.slice(0, order.maxLineChars)}…` : line;
      lines.push(order.showLineNumbers ? `${path}:${i + 1}:${shown}` : `${path}:${shown}`);
    }
    if (count > 0 && order.mode === "files_with_matches") lines.push(path);
    if (count > 0 && order.mode === "count") lines.push(`${path}:${count}`);
  }

  function read(path: string): string | undefined {
    let file: number | undefined;
    try {
      const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
      file = fs.openSync(`${order.root}/${path}`, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
      const facts = fs.fstatSync(file);
      if (!facts.isFile()) return undefined;
      if (facts.size > order.maxFileBytes) {
        largeFiles += 1;
        return undefined;
      }
      const bytes = fs.readFileSync(file);
      return bytes.subarray(0, 8_000).includes(0) ? undefined : bytes.toString("utf8");
    } catch {
      return undefined; // gone, a link, or not readable
    } finally {
      if (file !== undefined) fs.closeSync(file);
    }
  }
}
