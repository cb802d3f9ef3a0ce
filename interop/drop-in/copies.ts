// Copies of the programs in this folder for either package, checked and compiled by the compiler of this repository.
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const PACKAGES = ["@github/copilot-sdk", "@narthex/sdk"] as const;
export type SdkPackage = (typeof PACKAGES)[number];

const FOLDER = path.dirname(fileURLToPath(import.meta.url));
const TSC = path.join(path.dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin", "tsc");
const OFFICIAL = '"@github/copilot-sdk"';

/**
 * Copies the programs whose names start so, with the import changed to the package, into a folder that git does not see.
 * @returns the folder
 */
export function copyFor(sdk: SdkPackage, start: string): string {
  const folder = path.join(FOLDER, "..", "dist", "drop-in", start, sdk.replaceAll(/\W+/g, "-"));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(FOLDER).filter((file) => file.startsWith(start))) {
    const original = readFileSync(path.join(FOLDER, name), "utf8");
    if (original.split(OFFICIAL).length !== 2) throw new Error(`${name} does not import ${OFFICIAL} exactly once.`);
    writeFileSync(path.join(folder, name), original.replace(OFFICIAL, JSON.stringify(sdk)));
  }
  return folder;
}

/** Compiles a folder in strict mode; what the compiler says, empty when it is content. */
export async function compile(folder: string, options: { exactOptionalPropertyTypes: boolean }): Promise<string> {
  const compilerOptions = {
    target: "es2023",
    lib: ["es2023", "esnext.disposable", "dom"],
    module: "nodenext",
    types: ["node"],
    strict: true,
    skipLibCheck: true,
    rootDir: ".",
    outDir: "out",
    ...options,
  };
  writeFileSync(path.join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
  writeFileSync(path.join(folder, "package.json"), '{"type":"module"}');
  try {
    return (await promisify(execFile)(process.execPath, [TSC, "-p", folder])).stdout;
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}
