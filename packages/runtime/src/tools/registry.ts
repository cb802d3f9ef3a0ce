import { createGit, type Git } from "../workspace/git.ts";
import { createAskUserTool } from "./ask-user.ts";
import { createBashTool, type BashOptions } from "./bash.ts";
import { createCreateTool } from "./create.ts";
import { createEditTool } from "./edit.ts";
import { createGlobTool } from "./glob.ts";
import { createGrepTool } from "./grep.ts";
import type { BuiltInTool } from "./tool.ts";
import { createViewTool } from "./view.ts";

/** Options of the built-in tools. */
export interface BuiltInToolOptions extends BashOptions {
  /** Lists files for `grep` and `glob`; default `createGit()`. */
  readonly git?: Git;
}

/** All tools that the runtime itself provides. They keep no state: one list serves every session. */
export function createBuiltInTools(options: BuiltInToolOptions = {}): BuiltInTool[] {
  const git = options.git ?? createGit();
  return [
    createBashTool(options),
    createViewTool(),
    createCreateTool(),
    createEditTool(),
    createGrepTool(git),
    createGlobTool(git),
    createAskUserTool(),
  ];
}
