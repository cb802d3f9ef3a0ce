/** Builds a list of tool names for `availableTools` and `excludedTools`, by where the tools come from. */
export class ToolSet {
  readonly #entries: string[] = [];

  /** Adds tools of the runtime by name; `*` means all of them. */
  addBuiltIn(names: string | readonly string[]): ToolSet {
    for (const name of typeof names === "string" ? [names] : names) this.#entries.push(`builtin:${name}`);
    return this;
  }

  /** Adds a tool of the application; `*` means all of them. */
  addCustom(name: string): ToolSet {
    this.#entries.push(`custom:${name}`);
    return this;
  }

  /** Adds a tool of an MCP server; `*` means all of them. */
  addMcp(toolName: string): ToolSet {
    this.#entries.push(`mcp:${toolName}`);
    return this;
  }

  toArray(): string[] {
    return [...this.#entries];
  }
}
