import type { SessionFsFileInfo, SessionFsProvider } from "@narthex/sdk";

/** A file system in memory, for one session's state. */
export class MemoryFiles implements SessionFsProvider {
  readonly files = new Map<string, string>();
  readonly #folders = new Set<string>(["/"]);

  async readFile(path: string): Promise<string> {
    const content = this.files.get(path);
    if (content === undefined) throw missing(path);
    return content;
  }

  async writeFile(path: string, content: string): Promise<void> {
    this.files.set(path, content);
  }

  async appendFile(path: string, content: string): Promise<void> {
    this.files.set(path, (this.files.get(path) ?? "") + content);
  }

  async exists(path: string): Promise<boolean> {
    return this.files.has(path) || this.#folders.has(path);
  }

  async stat(path: string): Promise<SessionFsFileInfo> {
    if (!(await this.exists(path))) throw missing(path);
    const isFile = this.files.has(path);
    const time = new Date(0).toISOString();
    return { isFile, isDirectory: !isFile, size: this.files.get(path)?.length ?? 0, mtime: time, birthtime: time };
  }

  async mkdir(path: string): Promise<void> {
    this.#folders.add(path);
  }

  async readdir(path: string): Promise<string[]> {
    return (await this.readdirWithTypes(path)).map((entry) => entry.name);
  }

  async readdirWithTypes(path: string): Promise<{ name: string; type: "file" | "directory" }[]> {
    if (!this.#folders.has(path)) throw missing(path);
    const inside = (name: string): boolean => name.startsWith(`${path}/`) && !name.slice(path.length + 1).includes("/");
    const name = (full: string): string => full.slice(path.length + 1);
    return [
      ...[...this.files.keys()].filter(inside).map((file) => ({ name: name(file), type: "file" as const })),
      ...[...this.#folders].filter(inside).map((folder) => ({ name: name(folder), type: "directory" as const })),
    ];
  }

  async rm(path: string, recursive: boolean, force: boolean): Promise<void> {
    if (!(await this.exists(path)) && !force) throw missing(path);
    const isGone = (name: string): boolean => name === path || (recursive && name.startsWith(`${path}/`));
    for (const file of this.files.keys()) if (isGone(file)) this.files.delete(file);
    for (const folder of this.#folders) if (isGone(folder)) this.#folders.delete(folder);
  }

  async rename(from: string, to: string): Promise<void> {
    this.files.set(to, await this.readFile(from));
    this.files.delete(from);
  }
}

function missing(path: string): Error {
  return Object.assign(new Error(`ENOENT: ${path}`), { code: "ENOENT" });
}
