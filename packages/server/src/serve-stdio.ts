import process from "node:process";
import { streamTransport } from "@narthex/rpc/node";
import type { Gateway } from "./gateway/gateway.ts";

/** Serves one client over this process's stdin and stdout; resolves when stdin ends. */
export function serveStdio(gateway: Gateway): Promise<void> {
  const ended = new Promise<void>((resolve) => {
    process.stdin.once("end", resolve);
    process.stdin.once("close", resolve);
  });
  gateway.accept(streamTransport(process.stdin, process.stdout));
  return ended;
}
