// A program for the official SDK. The same text runs with ours; only the import is another.
import process from "node:process";
import { CopilotClient, RuntimeConnection, approveAll, defineTool } from "@github/copilot-sdk";
import { z } from "zod";

const [, , path = "", baseUrl = ""] = process.argv;
const say = (...parts: unknown[]): void => void process.stdout.write(`${parts.join(" ")}\n`);
const client = new CopilotClient({ connection: RuntimeConnection.forStdio({ path }), useLoggedInUser: false });
const session = await client.createSession({
  ...(baseUrl === "" ? {} : { model: "m", provider: { type: "openai", baseUrl, apiKey: "k" } as const }),
  streaming: true,
  tools: [
    defineTool("deploy_window", {
      description: "When may this service be deployed?",
      parameters: z.object({ service: z.string() }),
      handler: ({ service }) => `${service}: weekdays, 9 to 16`,
    }),
  ],
  onPermissionRequest: (request, invocation) => {
    say("asked", request.kind);
    return approveAll(request, invocation);
  },
});
session.on("tool.execution_complete", ({ data }) => say("tool", data.success, data.result?.content));
const answer = await session.sendAndWait({ prompt: 'use the tool deploy_window with {"service": "demo"}' });
say("answer", answer?.data.content);
say("errors", (await client.stop()).length);
