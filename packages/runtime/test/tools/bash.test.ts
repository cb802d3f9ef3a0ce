import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PermissionRequestShell } from "@narthex/protocol";
import { describe, expect, it, vi } from "vitest";
import { readsOnlyWorkspace } from "../../src/tools/shell-command.ts";
import { temporaryFolder } from "../workspace/temporary-folder.ts";
import { call, contextIn, permissionOf, toolNamed } from "./tool-bench.ts";

/** Settles once the process has ended; one that only waits to be collected by init has. */
async function waitUntilGone(pid: number): Promise<void> {
  const state = (): string | undefined => {
    try {
      return readFileSync(`/proc/${pid}/stat`, "utf8")
        .replace(/^.*\) /s, "")
        .charAt(0);
    } catch {
      return undefined;
    }
  };
  await vi.waitFor(() => expect([undefined, "Z"]).toContain(state()), { timeout: 5_000, interval: 20 });
}

describe("bash", () => {
  it("gives back both outputs in the order they were written, and the exit code", async () => {
    const root = await temporaryFolder();
    const command = "for i in 1 2 3; do echo out$i; echo err$i >&2; done; exit 3";
    expect(await call("bash", { command }, root)).toEqual({
      success: false,
      text: "out1\nerr1\nout2\nerr2\nout3\nerr3\n<exited with exit code 3>",
    });
    expect(await call("bash", { command: "pwd -P; printf open" }, root)).toEqual({
      success: true,
      text: `${root}\nopen\n<exited with exit code 0>`,
    });
  });

  it("reports a syntax error with bash's own line number", async () => {
    const { success, text } = await call("bash", { command: "echo (" }, await temporaryFolder());
    expect(success).toBe(false);
    expect(text).toMatch(/line 1: syntax error[^]*<exited with exit code 2>/);
  });

  it("keeps the runtime's secrets from the command and has no standard input", async () => {
    vi.stubEnv("NARTHEX_MODEL_API_KEY", "secret-key");
    const { text } = await call("bash", { command: "env; read line || echo no input" }, await temporaryFolder());
    vi.unstubAllEnvs();
    expect(text).not.toContain("secret-key");
    expect(text).toContain("FROM_OPERATOR=yes");
    expect(text).toContain("no input");
  });

  it("keeps head and tail of a large output and says how much is missing", async () => {
    const root = await temporaryFolder();
    const { text } = await call("bash", { command: "seq 1 200000; echo end" }, root, {
      limits: { maxOutputChars: 2_000 },
    });
    expect(text.length).toBeLessThan(2_100);
    expect(text).toMatch(/^1\n2\n[^]*\[… \d+ characters cut …\][^]*\n200000\nend\n<exited with exit code 0>$/);
  });

  it("passes on live output in order while the command runs, in a bounded amount", async () => {
    const root = await temporaryFolder();
    const pieces: string[] = [];
    let release: () => void = () => {};
    const seen = new Promise<void>((resolve) => (release = resolve));
    const onPartialOutput = (text: string): void => {
      pieces.push(text);
      if (text.includes("first")) {
        writeFileSync(join(root, "go"), "");
        release();
      }
    };
    // Goes on only when the test has seen the first line.
    const command = "echo first; until [ -e go ]; do sleep 0.02; done; echo second; seq 1 100000";
    const { success } = await call("bash", { command }, root, { onPartialOutput, limits: { maxOutputChars: 10_000 } });
    await seen;
    expect(success).toBe(true);
    const live = pieces.join("");
    expect(live).toMatch(/^first\nsecond\n1\n2\n/);
    expect(live.length).toBeLessThan(10_100);
  });

  it("ends the whole process group at the time limit", async () => {
    const root = await temporaryFolder();
    const command = "sleep 100 & echo $! > pid; echo started; wait";
    const { success, text } = await call("bash", { command, timeout: 300 }, root);
    expect(success).toBe(false);
    expect(text).toContain("started\n<stopped after the time limit of 300 ms");
    await waitUntilGone(Number(readFileSync(join(root, "pid"), "utf8")));
  });

  it("never runs longer than the largest time limit", async () => {
    const limits = { maxShellTimeoutMs: 100 };
    const { text } = await call("bash", { command: "sleep 100", timeout: 999_999 }, await temporaryFolder(), {
      limits,
    });
    expect(text).toContain("time limit of 100 ms");
  });

  it("ends the group on abort, also when it ignores the first signal", async () => {
    const root = await temporaryFolder();
    const controller = new AbortController();
    const onPartialOutput = (text: string): void => {
      if (text.includes("ready")) controller.abort();
    };
    const context = contextIn(root, { signal: controller.signal, onPartialOutput });
    const command = "trap '' TERM; echo $$ > pid; echo ready; while true; do sleep 0.05; done";
    await expect(toolNamed("bash").run({ command }, context)).rejects.toMatchObject({ code: "ABORTED" });
    await waitUntilGone(Number(readFileSync(join(root, "pid"), "utf8")));
    await expect(toolNamed("bash").run({ command: "touch no" }, context)).rejects.toMatchObject({ code: "ABORTED" });
    expect((await call("bash", { command: "ls no" }, root)).success).toBe(false);
  });

  it("settles when the shell ends although a child holds the output, and ends that child", async () => {
    const root = await temporaryFolder();
    const { success, text } = await call("bash", { command: "sleep 100 & echo $! > pid; echo done" }, root);
    expect(success).toBe(true);
    expect(text).toBe("done\n<processes left in the background have been ended>\n<exited with exit code 0>");
    await waitUntilGone(Number(readFileSync(join(root, "pid"), "utf8")));
  });

  it("settles even when a child left the group and holds the output", async () => {
    const root = await temporaryFolder();
    const command = "setsid sh -c 'echo $$ > pid; exec sleep 100' & until [ -s pid ]; do sleep 0.02; done; echo done";
    const { text } = await call("bash", { command }, root);
    process.kill(Number(readFileSync(join(root, "pid"), "utf8")));
    expect(text).toContain("done\n");
    expect(text).toContain("<exited with exit code 0>");
  });

  it("refuses malformed arguments and a folder that is gone", async () => {
    const root = await temporaryFolder();
    expect(await call("bash", { command: "" }, root)).toMatchObject({ code: "TOOL_ARGUMENTS_INVALID" });
    expect(await call("bash", { cmd: "ls" }, root)).toMatchObject({ code: "TOOL_ARGUMENTS_INVALID" });
    expect(await call("bash", { command: "ls" }, join(root, "gone"))).toMatchObject({ code: "TOOL_FAILED" });
  });
});

describe("bash's permission request", () => {
  async function request(command: string, root: string): Promise<PermissionRequestShell> {
    return (await permissionOf("bash", { command, description: "why" }, root)) as PermissionRequestShell;
  }

  it("tells all there is to tell", async () => {
    const root = await temporaryFolder();
    writeFileSync(join(root, "plain"), "");
    expect(await request("cat plain src/a.ts | sort > out.txt", root)).toEqual({
      kind: "shell",
      toolCallId: "call-1",
      fullCommandText: "cat plain src/a.ts | sort > out.txt",
      intention: "why",
      commands: [
        { identifier: "cat", readOnly: false },
        { identifier: "sort", readOnly: false },
      ],
      commandSegments: [
        { identifier: "cat", fullCommandText: "cat plain src/a.ts" },
        { identifier: "sort", fullCommandText: "sort > out.txt" },
      ],
      possiblePaths: ["src/a.ts", "out.txt", "plain"],
      resolvedWorkingDirectory: root,
      resolvedPaths: {
        plain: join(root, "plain"),
        "src/a.ts": join(root, "src/a.ts"),
        "out.txt": join(root, "out.txt"),
      },
      possibleUrls: [],
      hasWriteFileRedirection: true,
      canOfferSessionApproval: true,
    });
  });

  it.each([
    ["cat a.txt", true],
    ["cat *.txt src/?", true],
    ["find . -not -path '*/node_modules/*' -name '*.ts'", true],
    ["ls 2>/dev/null", true],
    ["cat out/key", false],
    ["cat key", false],
    ["cat ./k*y", false],
    ["cat */key", false],
    ["grep -r x ..", false],
    ["grep -r x /", false],
    ["cat ~/.ssh/id_rsa", false],
    ["cat ~root/x", false],
    ["ls -la --file=/etc/passwd", false],
    ["cd .. && ls", false],
    ["cat < /etc/passwd", false],
    ["rm a.txt", false],
    ["ls > a.txt", false],
  ])("knows for %s whether it only reads inside the workspace: %s", async (command, expected) => {
    const top = await temporaryFolder();
    const root = join(top, "work");
    mkdirSync(join(top, "secret"));
    mkdirSync(join(root, "src"), { recursive: true });
    writeFileSync(join(top, "secret/key"), "k");
    writeFileSync(join(root, "a.txt"), "a");
    // A link to the outside that no pattern of the harmless commands above can match lies in its own folder.
    if (command.includes("key") || command.includes("k*y")) {
      symlinkSync(join(top, "secret"), join(root, "out"));
      symlinkSync(join(top, "secret/key"), join(root, "key"));
    }
    expect(readsOnlyWorkspace(await request(command, root), root)).toBe(expected);
  });

  it("warns about a command that reads elsewhere, and does not call it read-only", async () => {
    const root = await temporaryFolder();
    expect(await request("cat /etc/passwd | head", root)).toMatchObject({
      warning: "The command reads outside of the workspace.",
      commands: [
        { identifier: "cat", readOnly: false },
        { identifier: "head", readOnly: false },
      ],
    });
    const inside = await request("cat a", root);
    expect(inside).toMatchObject({ commands: [{ identifier: "cat", readOnly: true }] });
    expect(inside.warning).toBeUndefined();
  });
});
