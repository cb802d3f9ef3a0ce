// A runtime that the client starts: its arguments, its environment, its start-up and its end.
import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import process from "node:process";
import { NarthexError } from "@narthex/protocol";
import type {
  CopilotClientOptions,
  StdioRuntimeConnection,
  TcpRuntimeConnection,
} from "../core/types/client-options.ts";
import { runtimeCommand } from "./runtime-path.ts";

type OwnedConnection = StdioRuntimeConnection | TcpRuntimeConnection;

/** Most of the runtime's stderr that an error message repeats, in characters. */
const STDERR_TAIL_CHARS = 4_000;

/** A started runtime process. */
export class RuntimeProcess {
  readonly child: ChildProcess;
  readonly connectionToken: string | undefined;
  readonly #command: string;
  #stderr = "";
  #failure: NarthexError | undefined;
  readonly #exited: Promise<void>;

  constructor(connection: OwnedConnection, options: CopilotClientOptions) {
    const env = { ...(options.env ?? process.env), ...connection.env };
    const command = runtimeCommand(connection.path, env);
    this.connectionToken =
      connection.kind === "tcp"
        ? (connection.connectionToken ?? env.COPILOT_CONNECTION_TOKEN ?? randomUUID())
        : undefined;
    this.#command = [command.file, ...command.args].join(" ");
    this.child = spawn(command.file, [...command.args, ...runtimeArguments(connection, options)], {
      cwd: options.workingDirectory,
      env: runtimeEnvironment(env, options, this.connectionToken),
      stdio: [connection.kind === "stdio" ? "pipe" : "ignore", "pipe", "pipe"],
      windowsHide: true,
    });
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_TAIL_CHARS);
    });
    this.#exited = new Promise((resolve) => {
      this.child.once("close", () => resolve());
      this.child.once("error", (error) => {
        this.#failure = cannotRun(this.#command, error);
        resolve();
      });
    });
  }

  /** Settles when the process has ended and its output is read. */
  get exited(): Promise<void> {
    return this.#exited;
  }

  /** The port that the runtime says it listens on. */
  async listeningPort(timeoutMs: number, signal: AbortSignal): Promise<number> {
    const stdout = this.child.stdout;
    if (stdout === null) throw new NarthexError("INTERNAL", "The runtime was started without stdout.");
    stdout.setEncoding("utf8");
    let text = "";
    return new Promise<number>((resolve, reject) => {
      const settle = (act: () => void): void => {
        clearTimeout(timer);
        stdout.off("data", onData).resume();
        signal.removeEventListener("abort", onAbort);
        act();
      };
      const onData = (chunk: string): void => {
        text = (text + chunk).slice(-STDERR_TAIL_CHARS);
        const port = /listening on port (\d+)/i.exec(text)?.[1];
        if (port !== undefined) settle(() => resolve(Number(port)));
      };
      const onAbort = (): void => settle(() => reject(NarthexError.from(signal.reason, "ABORTED")));
      const timer = setTimeout(() => settle(() => reject(this.explain(startTimeout(timeoutMs)))), timeoutMs);
      stdout.on("data", onData);
      signal.addEventListener("abort", onAbort, { once: true });
      void this.#exited.then(() => settle(() => reject(this.explain(this.#ended()))));
    });
  }

  /** An error of the start-up, with what the process said and how it ended. */
  explain(error: NarthexError): NarthexError {
    if (this.#failure !== undefined) return this.#failure;
    const hasEnded = this.child.exitCode !== null || this.child.signalCode !== null;
    if (error.code === "CONNECTION_CLOSED" && hasEnded) return this.#ended();
    return error;
  }

  #ended(): NarthexError {
    if (this.#failure !== undefined) return this.#failure;
    const how = this.child.signalCode === null ? `exit code ${this.child.exitCode}` : `signal ${this.child.signalCode}`;
    const said = this.#stderr.trim();
    return new NarthexError(
      "RUNTIME_EXITED",
      `The runtime (${this.#command}) ended during start-up with ${how}${said === "" ? "." : `: ${said}`}`,
    );
  }

  /** Asks the process to end, waits, then kills it. */
  async terminate(graceMs: number): Promise<void> {
    if (this.#hasEnded()) return;
    this.child.kill("SIGTERM");
    const timer = setTimeout(() => this.child.kill("SIGKILL"), graceMs);
    await this.#exited;
    clearTimeout(timer);
  }

  kill(): void {
    if (!this.#hasEnded()) this.child.kill("SIGKILL");
  }

  #hasEnded(): boolean {
    return this.#failure !== undefined || this.child.exitCode !== null || this.child.signalCode !== null;
  }
}

function runtimeArguments(connection: OwnedConnection, options: CopilotClientOptions): string[] {
  const { logLevel, gitHubToken, sessionIdleTimeoutSeconds } = options;
  const useLoggedInUser = options.useLoggedInUser ?? gitHubToken === undefined;
  return [
    ...(connection.args ?? []),
    "--headless",
    "--no-auto-update",
    ...(logLevel === undefined ? [] : ["--log-level", logLevel]),
    ...(connection.kind === "stdio" ? ["--stdio"] : []),
    ...(connection.kind === "tcp" && (connection.port ?? 0) > 0 ? ["--port", String(connection.port)] : []),
    ...(gitHubToken === undefined ? [] : ["--auth-token-env", "COPILOT_SDK_AUTH_TOKEN"]),
    ...(useLoggedInUser ? [] : ["--no-auto-login"]),
    ...((sessionIdleTimeoutSeconds ?? 0) > 0 ? ["--session-idle-timeout", String(sessionIdleTimeoutSeconds)] : []),
    ...(options.enableRemoteSessions === true ? ["--remote"] : []),
  ];
}

function runtimeEnvironment(
  env: Record<string, string | undefined>,
  options: CopilotClientOptions,
  connectionToken: string | undefined,
): Record<string, string | undefined> {
  const { telemetry } = options;
  const added: Record<string, string | undefined> = {
    COPILOT_SDK_AUTH_TOKEN: options.gitHubToken,
    COPILOT_CONNECTION_TOKEN: connectionToken,
    COPILOT_HOME: options.baseDirectory,
    ...(telemetry === undefined
      ? {}
      : {
          COPILOT_OTEL_ENABLED: "true",
          OTEL_EXPORTER_OTLP_ENDPOINT: telemetry.otlpEndpoint,
          OTEL_EXPORTER_OTLP_PROTOCOL: telemetry.otlpProtocol,
          COPILOT_OTEL_FILE_EXPORTER_PATH: telemetry.filePath,
          COPILOT_OTEL_EXPORTER_TYPE: telemetry.exporterType,
          COPILOT_OTEL_SOURCE_NAME: telemetry.sourceName,
          OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT:
            telemetry.captureContent === undefined ? undefined : String(telemetry.captureContent),
        }),
  };
  const { NODE_DEBUG: _noise, ...rest } = env; // would write to stdout, which is the transport
  return { ...rest, ...Object.fromEntries(Object.entries(added).filter(([, value]) => value !== undefined)) };
}

function startTimeout(timeoutMs: number): NarthexError {
  return new NarthexError("RUNTIME_START_TIMEOUT", `The runtime did not say within ${timeoutMs} ms where it listens.`);
}

function cannotRun(command: string, cause: Error): NarthexError {
  return new NarthexError("RUNTIME_NOT_FOUND", `The runtime (${command}) cannot be run: ${cause.message}`, { cause });
}
