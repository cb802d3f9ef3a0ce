// Puts a runtime together and serves it until it is told to end.
import path from "node:path";
import process from "node:process";
import { setImmediate as nextTurn } from "node:timers/promises";
import { openLocalEngine, type Engine } from "@narthex/engine";
import { messageOf } from "@narthex/protocol";
import { Runtime, type RuntimeLogger } from "@narthex/runtime";
import { Gateway, accessKey, createHttpApp, listen, serveStdio, type Listener } from "@narthex/server";
import { installationSecret } from "../home.ts";
import { createLogger } from "./logger.ts";
import type { ServeOptions } from "./options.ts";

/** Milliseconds between looks whether the starting process is still there. */
const PARENT_CHECK_MS = 1_000;

/**
 * Serves until a signal, the end of stdin (stdio) or of the parent process (headless).
 * @throws {NarthexError} STORE_UNAVAILABLE, STORE_CORRUPT, PORT_IN_USE
 */
export async function serve(options: ServeOptions): Promise<void> {
  const logger = createLogger(options.logLevel);
  const secret = await installationSecret(options.home);
  const engine = await openLocalEngine({
    directory: options.home,
    onProblem: (error) => logger.error(error.message, { code: error.code }),
  });
  let listener: Listener | undefined;
  const runtime = new Runtime({
    engine,
    workspacesDirectory: path.join(options.home, "workspaces"),
    repositories: options.repositories,
    model: options.model,
    defaultWorkingDirectory: process.cwd(),
    remoteUrlOf: (id) =>
      listener === undefined
        ? undefined
        : `http://127.0.0.1:${listener.port}/sessions/${id}?key=${accessKey(secret, id)}`,
    logger,
    limits: options.limits,
  });
  const gateway = new Gateway({ runtime, logger, ...(options.token === undefined ? {} : { token: options.token }) });
  const app = createHttpApp({ runtime, secret });
  try {
    listener = await listen({ gateway, app, port: options.port ?? 0, rpc: options.port !== undefined });
  } catch (error) {
    await engine.close();
    throw error;
  }
  void runtime.recover();
  const end = untilTold(options.endsWithParent);
  if (options.port === undefined) await Promise.race([serveStdio(gateway), end]);
  else {
    process.stdout.write(`Narthex runtime listening on port ${listener.port}\n`);
    await end;
  }
  await drain({ gateway, listener, engine, logger, timeoutMs: options.drainTimeoutMs });
}

interface Draining {
  readonly gateway: Gateway;
  readonly listener: Listener;
  readonly engine: Engine;
  readonly logger: RuntimeLogger;
  readonly timeoutMs: number;
}

/** Milliseconds that what is still open has for its own end before the process ends with it. */
const LAST_MS = 500;

/**
 * Ends the runtime: calls are refused from now on, what runs is put away for the next process, then connections and store
 * are closed. What cannot be put away in time is as if the process had been killed: the next one takes it up.
 */
async function drain({ gateway, listener, engine, logger, timeoutMs }: Draining): Promise<void> {
  const onError = (error: unknown): void => logger.error(messageOf(error));
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      logger.warn("Some sessions were not put away in time: the next process takes up their work.", { timeoutMs });
      resolve();
    }, timeoutMs);
  });
  await Promise.race([gateway.shutDown().catch(onError), tooLate]);
  clearTimeout(timer);
  await nextTurn(); // the answers of calls that were still under way go out first
  gateway.close();
  await Promise.race([listener.close(), later(LAST_MS)]).catch(onError);
  await engine.close().catch(onError);
  // Nothing should be open any more. What is, must not keep the process.
  setTimeout(() => process.exit(), LAST_MS).unref();
}

function later(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}

/** Resolves on SIGINT, SIGTERM or SIGHUP, or when the parent process is gone. */
function untilTold(endsWithParent: boolean): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => resolve());
    if (!endsWithParent) return;
    const parent = process.ppid;
    const timer = setInterval(() => {
      if (process.ppid === parent) return;
      clearInterval(timer);
      resolve();
    }, PARENT_CHECK_MS);
    timer.unref();
  });
}
