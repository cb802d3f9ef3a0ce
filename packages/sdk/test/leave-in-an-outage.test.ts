import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { within } from "@narthex/testkit";
import { expect, it, onTestFinished } from "vitest";

const PROGRAM = fileURLToPath(new URL("./fixtures/leave-in-an-outage.mjs", import.meta.url));

it.each(["stop", "force-stop", "abort", "stop-while-resuming"])(
  "leaves nothing that keeps a process alive: %s",
  async (how) => {
    const child = spawn(process.execPath, [PROGRAM, how], { stdio: ["ignore", "ignore", "pipe"] });
    onTestFinished(() => void child.kill("SIGKILL"));
    let text = "";
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    const [code] = (await within("the end of the process", once(child, "close"))) as [number];
    expect(text.trim().split(" ")).toEqual(how === "stop-while-resuming" ? CLOSED.slice(1) : CLOSED);
    expect(code).toBe(0);
  },
);

const CLOSED = ["CONNECTION_CLOSED", "CONNECTION_CLOSED", "CONNECTION_CLOSED"];
