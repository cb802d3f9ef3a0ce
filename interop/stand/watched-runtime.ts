import { existsSync, readFileSync, watch, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { within } from "@narthex/testkit";
import { tempFolder } from "./environment.ts";
import { NARTHEX_RUNTIME } from "./places.ts";

/** Our runtime, that leaves a note when it ends; a process that was killed leaves none. */
export interface WatchedRuntime {
  /** What an SDK gets as `path`. */
  readonly path: string;
  /** The exit code in the note, now or when it is there. */
  exitCode(): Promise<number>;
}

export function watchedRuntime(): WatchedRuntime {
  const folder = tempFolder();
  const note = path.join(folder, "ended");
  const file = path.join(folder, "runtime.js");
  writeFileSync(path.join(folder, "package.json"), '{"type":"module"}');
  writeFileSync(
    file,
    `import { renameSync, writeFileSync } from "node:fs";
     const note = ${JSON.stringify(note)};
     process.on("exit", (code) => {
       writeFileSync(note + ".new", String(code));
       renameSync(note + ".new", note);
     });
     await import(${JSON.stringify(pathToFileURL(NARTHEX_RUNTIME).href)});`,
  );
  return {
    path: file,
    exitCode: async () => {
      await within("the runtime to end by itself", appeared(note));
      return Number(readFileSync(note, "utf8"));
    },
  };
}

function appeared(file: string): Promise<void> {
  return new Promise((resolve) => {
    const watcher = watch(path.dirname(file), () => existsSync(file) && done());
    const done = (): void => {
      watcher.close();
      resolve();
    };
    if (existsSync(file)) done();
  });
}
