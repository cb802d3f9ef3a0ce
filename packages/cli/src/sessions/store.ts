// The data folder as the `sessions` commands use it, beside a `narthex serve` that may use it too.
import { existsSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { STORE_FILE_NAME, openLocalEngine, type Engine } from "@narthex/engine";
import { NarthexError } from "@narthex/protocol";
import { dataDirectory } from "../home.ts";

/** Options that every `sessions` command has. */
export interface StoreFlags {
  readonly home?: string;
  readonly json?: boolean;
}

export interface Store {
  readonly home: string;
  readonly workspaces: string;
  readonly exists: boolean;
}

export function storeOf(flags: StoreFlags): Store {
  const home = dataDirectory(flags.home, process.env);
  return {
    home,
    workspaces: path.join(home, "workspaces"),
    exists: existsSync(path.join(home, STORE_FILE_NAME)),
  };
}

/**
 * Does something with a store that is there, without writing anything.
 * @throws {NarthexError} STORE_UNAVAILABLE, STORE_CORRUPT
 */
export function readStore<T>(store: Store, work: (engine: Engine) => Promise<T>): Promise<T> {
  requireStore(store);
  return withEngine({ directory: store.home, readOnly: true }, work);
}

/**
 * Does something with a store, changing it. Others may use it meanwhile: they wait for each other's writes.
 * @throws {NarthexError} STORE_UNAVAILABLE, STORE_CORRUPT
 */
export function writeStore<T>(store: Store, work: (engine: Engine) => Promise<T>): Promise<T> {
  return withEngine({ directory: store.home }, work);
}

/** @throws {NarthexError} STORE_UNAVAILABLE */
export function requireStore(store: Store): void {
  if (store.exists) return;
  const text = `There are no sessions in ${store.home}: choose another data directory with --home or NARTHEX_HOME.`;
  throw new NarthexError("STORE_UNAVAILABLE", text);
}

async function withEngine<T>(
  options: Parameters<typeof openLocalEngine>[0],
  work: (engine: Engine) => Promise<T>,
): Promise<T> {
  const engine = await openLocalEngine(options);
  try {
    return await work(engine);
  } finally {
    await engine.close();
  }
}
