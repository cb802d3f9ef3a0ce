// What every engine does, whatever it is built on. Run by each implementation's tests.
import type { NarthexError } from "@narthex/protocol";
import { afterEach, beforeEach, describe } from "vitest";

import type { Engine } from "../src/index.ts";
import { describeArchives } from "./contract/archive-contract.ts";
import { describeDirectory } from "./contract/directory-contract.ts";
import { describeKill } from "./contract/kill-contract.ts";
import { describeLeases } from "./contract/lease-contract.ts";
import { describeLog } from "./contract/log-contract.ts";
import { describeMailbox } from "./contract/mailbox-contract.ts";
import { describeReopening } from "./contract/reopen-contract.ts";
import { describeSubscriptions } from "./contract/subscription-contract.ts";

/** What the suite sets. */
export interface ContractOptions {
  onProblem?: (error: NarthexError) => void;
  maxEphemeralRecords?: number;
  maxEventBytes?: number;
  maxWaitingCommands?: number;
  maxRememberedCommands?: number;
  maxCommandBytes?: number;
  maxCreateKeys?: number;
  now?: () => Date;
}

/** One store, empty at first. */
export interface ContractStore {
  /** Opens an engine on the store; may be called again, also while another engine is open. */
  open(options?: ContractOptions): Promise<Engine>;
  /** How another process opens it: a module with `open(place)`, which gives an engine. */
  readonly child: { readonly module: string; readonly place: string };
  /** Removes the store when every engine is closed. */
  dispose(): Promise<void>;
}

/** Hands the tests engines and closes them afterwards. */
export interface ContractBench {
  open(options?: ContractOptions): Promise<Engine>;
  child(): ContractStore["child"];
}

/** The suite, for an implementation that makes its stores with `makeStore`. */
export function describeEngineContract(name: string, makeStore: () => Promise<ContractStore>): void {
  describe(`${name} engine`, () => {
    let store: ContractStore | undefined;
    const engines: Engine[] = [];
    beforeEach(async () => {
      store = await makeStore();
    });
    afterEach(async () => {
      await Promise.all(engines.splice(0).map((engine) => engine.close()));
      await store?.dispose();
    });
    const bench: ContractBench = {
      open: async (options) => {
        const engine = await store!.open(options);
        engines.push(engine);
        return engine;
      },
      child: () => store!.child,
    };
    describeDirectory(bench);
    describeLog(bench);
    describeMailbox(bench);
    describeLeases(bench);
    describeArchives(bench);
    describeSubscriptions(bench);
    describeReopening(bench);
    describeKill(bench);
  });
}
