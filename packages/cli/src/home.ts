import { randomBytes } from "node:crypto";
import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import { NarthexError, messageOf } from "@narthex/protocol";

/** Where Narthex keeps its data: the option, else NARTHEX_HOME, else COPILOT_HOME, else `~/.narthex`. */
export function dataDirectory(option: string | undefined, env: NodeJS.ProcessEnv): string {
  return path.resolve(option ?? env.NARTHEX_HOME ?? env.COPILOT_HOME ?? path.join(homedir(), ".narthex"));
}

/**
 * The secret of this installation, made on first use.
 * @throws {NarthexError} STORE_UNAVAILABLE
 */
export async function installationSecret(home: string): Promise<string> {
  const file = path.join(home, "secret");
  try {
    await mkdir(home, { recursive: true, mode: 0o700 });
    await makeOnce(file, randomBytes(32).toString("hex"));
    const secret = (await readFile(file, "utf8")).trim();
    if (secret.length >= 32) return secret;
    throw new NarthexError("STORE_CORRUPT", `${file} does not hold a secret: delete it, and a new one is made.`);
  } catch (error) {
    if (NarthexError.is(error)) throw error;
    throw new NarthexError(
      "STORE_UNAVAILABLE",
      `The data directory ${home} cannot be used: ${messageOf(error)}. Set NARTHEX_HOME to a folder you can write.`,
      { cause: error },
    );
  }
}

/** Makes a file unless it exists. Of several processes that start together one makes it, whole; all read the same. */
async function makeOnce(file: string, content: string): Promise<void> {
  const draft = `${file}.${randomBytes(6).toString("hex")}`;
  await writeFile(draft, content, { flag: "wx", mode: 0o600 });
  try {
    await link(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    await rm(draft, { force: true });
  }
}
