// MCP servers and custom agents.
import type { ReasoningEffort } from "./provider.ts";

interface MCPServerConfigBase {
  tools?: string[];
  type?: string;
  timeout?: number;
}

/** An MCP server that the runtime starts. */
export interface MCPStdioServerConfig extends MCPServerConfigBase {
  type?: "local" | "stdio";
  command: string;
  args?: string[];
  env?: Record<string, string>;
  workingDirectory?: string;
}

/** An MCP server at a URL. */
export interface MCPHTTPServerConfig extends MCPServerConfigBase {
  type: "http" | "sse";
  url: string;
  headers?: Record<string, string>;
}

/** An MCP server; `tools` limits which of its tools are offered, `timeout` is in milliseconds. */
export type MCPServerConfig = MCPStdioServerConfig | MCPHTTPServerConfig;

/** An agent with a prompt and tools of its own; `tools: null` gives it all. */
export interface CustomAgentConfig {
  name: string;
  displayName?: string;
  description?: string;
  tools?: string[] | null;
  prompt: string;
  mcpServers?: Record<string, MCPServerConfig>;
  infer?: boolean;
  skills?: string[];
  model?: string;
  reasoningEffort?: ReasoningEffort;
}

/** What the main agent is not to use. */
export interface DefaultAgentConfig {
  excludedTools?: string[];
}
