import { z } from "zod";
import { parseArguments, toParameters } from "./arguments.ts";
import type { BuiltInTool, ToolContext, ToolOutcome } from "./tool.ts";

const Arguments = z.object({
  question: z.string().min(1).max(10_000).describe("The question."),
  choices: z.array(z.string().min(1).max(1_000)).max(50).optional().describe("Answers to choose from."),
  allow_freeform: z.boolean().optional().describe("Whether another answer may be typed (default true)."),
});

/** The `ask_user` tool: a question to whoever is attached to the session. */
export function createAskUserTool(): BuiltInTool {
  return {
    name: "ask_user",
    description: "Asks the user a question and waits for the answer. Use it when only the user can decide.",
    parameters: toParameters(Arguments),
    isIdempotent: true,
    permission: async (args) => {
      parseArguments("ask_user", Arguments, args);
      return undefined;
    },
    run: (args, context) => run(parseArguments("ask_user", Arguments, args), context),
  };
}

async function run(args: z.infer<typeof Arguments>, context: ToolContext): Promise<ToolOutcome> {
  if (context.askUser === undefined) {
    return {
      success: false,
      text: "Nobody can be asked in this session; decide without the answer, or say what is missing.",
    };
  }
  const { answer, wasFreeform } = await context.askUser({
    question: args.question,
    ...(args.choices === undefined ? {} : { choices: args.choices }),
    ...(args.allow_freeform === undefined ? {} : { allowFreeform: args.allow_freeform }),
  });
  return { success: true, text: `The user ${wasFreeform ? "answered" : "chose"}: ${answer}` };
}
