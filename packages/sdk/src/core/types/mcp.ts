// MCP servers and custom agents.
import type { ReasoningEffort } from "./provider.ts";

interface MCPServerConfigBase {
  tools?: string[];
  type?: string;
  timeout?: number;
}

export interface MCPStdioServerConfig extends MCPServerConfigBase {
  type?: "local" | "stdio";
  command: string;
  args?: string[];
  env?: Record<string, string>;
  workingDirectory?: string;
}

export interface MCPHTTPServerConfig extends MCPServerConfigBase {
  type: "http" | "sse";
  url: string;
  headers?: Record<string, string>;
}

export type MCPServerConfig = MCPStdioServerConfig | MCPHTTPServerConfig;

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

export interface DefaultAgentConfig {
  excludedTools?: string[];
}
