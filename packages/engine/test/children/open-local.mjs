// How a child process of the contract opens the store that it is told of.
import { openLocalEngine } from "../../dist/index.js";

export const open = (directory) => openLocalEngine({ directory });
