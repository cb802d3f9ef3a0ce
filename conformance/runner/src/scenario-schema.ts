/**
 * What a scenario may say. This is the one definition: the types of the runner follow from it, and
 * `conformance/schema/scenario.json` is written from it for editors and for tools in other languages.
 */
import { z } from "zod";

const json = z.unknown();
/** What a value must look like; see `matcher.ts` for the operators. */
const matcher = json.describe("A matcher: subset of objects, arrays element by element, operators such as {$match}.");
const name = z.string().min(1).describe("A name given earlier in this scenario; may contain ${variables}.");
const saved = z
  .record(z.string(), z.string())
  .describe('Variables to set: name to a dotted path into what was seen ("" is all of it).');
const withinMs = z.union([z.number().int().min(0), z.string()]).describe("Milliseconds to wait at most.");

/** How a handler of the application answers. */
export const handlerPolicy = z.union([
  z.strictObject({ reply: json }).describe("Return this value."),
  z.strictObject({ echo: z.literal(true) }).describe("Return what was asked: the question, the arguments, the text."),
  z.strictObject({ throw: z.string() }).describe("Throw an error with this message."),
  z.strictObject({ never: z.literal(true) }).describe("Never return."),
  z.strictObject({ hold: z.literal(true) }).describe("Return when the `answer` step says so."),
]);

const connectionName = z.string().optional().describe("The client (default: main).");

/** A message that the scripted peer sends. */
export const peerFrame = z.union([
  z.strictObject({
    event: z.string().describe("The event's type."),
    session: z.string(),
    data: json.optional(),
    id: z.string().optional().describe("Default: a new one, counted."),
    ephemeral: z.boolean().optional(),
    extra: z.record(z.string(), json).optional().describe("More fields of the envelope."),
  }),
  z.strictObject({ request: z.string(), params: json.optional(), as: z.string().optional(), id: json.optional() }),
  z.strictObject({ notify: z.string(), params: json.optional() }),
  z.strictObject({
    respond: z.string().describe("The call, by its name."),
    result: json.optional(),
    error: json.optional(),
  }),
  z
    .strictObject({
      frame: json,
      header: z
        .string()
        .optional()
        .describe("The header block; {bytes} stands for the length. Default: the usual one."),
    })
    .describe("Any JSON value as the body of a well-formed frame."),
  z
    .strictObject({ raw: z.string(), times: z.number().int().min(1).optional() })
    .describe("These characters as they are, header and all; several times over."),
]);
export type PeerFrame = z.infer<typeof peerFrame>;

const sendStep = z.strictObject({
  send: z.union([peerFrame, z.array(peerFrame)]),
  connection: connectionName,
  glue: z.boolean().optional().describe("Write all frames in one piece (default: one write each)."),
  cut: z
    .union([z.literal("every-byte"), z.number().int().min(1)])
    .optional()
    .describe("Write in pieces: byte by byte, or cut in two at this offset (in characters of the whole)."),
});

const openStep = z.strictObject({
  open: z.string().describe("Name of the client."),
  transport: z.enum(["tcp", "ws", "stdio"]).optional(),
  options: z.record(z.string(), json).optional(),
  see: matcher.optional(),
});

const startStep = z.strictObject({
  start: z.string().describe("The operation."),
  as: z.string(),
  connection: connectionName,
  args: z.record(z.string(), json).optional(),
});

const createdStep = z
  .strictObject({
    created: z.string().describe("Name of the operation."),
    session: z.string().describe("The id that the runtime answers with."),
    connection: connectionName,
    config: z.record(z.string(), json).optional(),
    result: z.record(z.string(), json).optional().describe("More fields of the create response."),
  })
  .describe("A cloud session is created: start, expect, respond and await in one.");

const simpleSteps = [
  createdStep,
  openStep,
  startStep,
  z.strictObject({ await: name, see: matcher.optional(), save: saved.optional(), withinMs: withinMs.optional() }),
  z.strictObject({ unsettled: name }).describe("The operation has not settled by now."),
  z.strictObject({ cancel: name }),
  z.strictObject({
    events: name,
    stream: z.string().optional().describe("journal (default), late, lifecycle, connection or log."),
    count: z.union([z.number().int().min(1), z.string()]).optional(),
    see: matcher,
    save: saved.optional(),
    withinMs: withinMs.optional(),
  }),
  z.strictObject({ quiet: name, stream: z.string().optional() }).describe("The stream has nothing more to show."),
  z.strictObject({ answer: name, handler: z.string(), policy: handlerPolicy, call: z.number().int().optional() }),
  z.strictObject({ state: z.string(), see: matcher.optional(), save: saved.optional() }),
  z.strictObject({ close: z.string(), how: z.enum(["stop", "force"]).optional() }),
  z.strictObject({
    expect: matcher.describe("A message from the other side."),
    as: z.string().optional().describe("Name of the call, to respond to it."),
    connection: connectionName,
    save: saved.optional(),
    withinMs: withinMs.optional(),
  }),
  sendStep,
  z.strictObject({ reply: name, see: matcher.optional(), save: saved.optional(), withinMs: withinMs.optional() }),
  z.strictObject({ noReply: name }).describe("This request of the peer has no answer by now."),
  z.strictObject({ absent: matcher, connection: connectionName }).describe("No message so far looks like this."),
  z.strictObject({ count: matcher, is: z.union([z.number().int(), z.string()]), connection: connectionName }),
  z.strictObject({ fence: z.string().describe("All that was sent to this connection so far has been read.") }),
  z.strictObject({ hangUp: z.string(), how: z.enum(["end", "reset"]).optional() }),
  z.strictObject({ ghosts: z.number().int().min(1), prefix: z.string() }).describe("An event for each of so many ids."),
  z.strictObject({ closed: z.string() }).describe("The other side has ended this connection."),
  z.strictObject({ listen: z.boolean() }).describe("Take new connections, or refuse them."),
  z.strictObject({ reconnected: z.string(), withinMs: withinMs.optional() }),
  z.strictObject({ auto: z.record(z.string(), json) }).describe("Change the automatic answers from now on."),
  z.strictObject({
    fuzz: z.strictObject({
      runs: z.number().int().min(1).describe("Seeds, counted from the one of the command line (default 1)."),
      steps: z.number().int().min(1),
      creates: z.number().int().min(1),
    }),
  }),
  z.strictObject({
    attach: z.string().describe("A scripted client connects to the runtime under test."),
    transport: z.enum(["tcp", "ws"]).optional(),
    connect: z.union([z.literal(false), z.record(z.string(), json)]).optional(),
  }),
  z.strictObject({
    runtime: z.enum(["start", "kill", "stop"]),
    env: z.record(z.string(), z.string()).optional(),
    args: z.array(z.string()).optional(),
  }),
  z
    .strictObject({
      poll: z.strictObject({ request: z.string(), params: json.optional() }),
      connection: connectionName,
      see: matcher,
      save: saved.optional(),
      withinMs: withinMs.optional(),
    })
    .describe("Ask again, after every message that comes in, until the answer looks like this."),
  z.strictObject({ before: matcher, answerTo: name }).describe("The first message like this came before the answer."),
  z.strictObject({ after: matcher, answerTo: name }).describe("Every message like this came after the answer."),
  z.strictObject({ model: z.array(json) }).describe("What the scripted model says next."),
  z.strictObject({ ordered: z.string(), rule: z.enum(["parents", "ids-unique"]) }),
] as const;

const simpleStep = z.union(simpleSteps);
export type SimpleStep = z.infer<typeof simpleStep>;
export interface RepeatStep {
  repeat: number | string;
  as?: string | undefined;
  from?: number | undefined;
  steps: Step[];
}
export type Step = SimpleStep | RepeatStep;

const repeatStep: z.ZodType<RepeatStep> = z.strictObject({
  repeat: z.union([z.number().int().min(1), z.string()]),
  as: z.string().optional(),
  from: z.number().int().optional(),
  get steps(): z.ZodType<Step[]> {
    return z.array(step).min(1);
  },
});
const step: z.ZodType<Step> = z.union([simpleStep, repeatStep]);

const ID = /^[a-z0-9-]+\/[a-z0-9-]+$/;

export const scenarioSchema = z.strictObject({
  id: z.string().regex(ID).describe("topic/case, the same as the file's path."),
  title: z.string().min(10).describe("What holds, in one sentence."),
  clauses: z
    .array(z.string().regex(/^[a-z]+-\d+$/))
    .min(1)
    .describe("Clauses of spec/PROTOCOL.md that this proves."),
  why: z.string().optional(),
  target: z.enum(["sdk", "runtime"]).default("sdk"),
  needs: z.array(z.string()).default([]).describe("Features that the SDK names in hello."),
  transports: z
    .array(z.enum(["tcp", "ws", "stdio"]))
    .min(1)
    .default(["tcp"])
    .describe("Run once over each."),
  open: z
    .union([z.literal(false), z.record(z.string(), json)])
    .default({})
    .describe("Options of the client main, which is connected before the first step; false: none."),
  auto: z
    .record(z.string(), json)
    .default({})
    .describe("Automatic answers by method: {result}, {error}, or false for none. Beside the usual ones."),
  start: z
    .strictObject({ env: z.record(z.string(), z.string()).optional(), args: z.array(z.string()).optional() })
    .default({})
    .describe("How the runtime under test is started."),
  model: z.array(json).default([]).describe("What the scripted model says, call by call."),
  unanswered: z.array(z.string()).default([]).describe("Requests of the peer that may stay without an answer."),
  leavesConnection: z.boolean().default(false).describe("The connection is gone at the end, answers with it."),
  deadlineMs: z.number().int().min(100).default(5_000).describe("Milliseconds that a step waits at most."),
  steps: z.array(step).min(1),
});
export type Scenario = z.infer<typeof scenarioSchema>;
