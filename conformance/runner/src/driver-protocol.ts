/**
 * How the runner talks to a driver, the small program around an SDK: JSON lines on stdin and stdout, one answer for each
 * command, `seq` echoed. `conformance/schema/driver.json` is written from this file.
 */
import { z } from "zod";
import { handlerPolicy } from "./scenario-schema.ts";

const seq = z.number().int().min(1);
const json = z.unknown();
const command = <S extends z.ZodRawShape>(verb: string, shape: S) =>
  z.strictObject({ seq, verb: z.literal(verb), ...shape });

/** The ten verbs. */
export const driverCommand = z.union([
  command("hello", { protocol: z.literal(1) }),
  command("open", {
    client: z.string(),
    transport: z.enum(["tcp", "ws", "stdio"]),
    address: z.string().describe("host:port, a ws:// address, or the program that speaks over stdin and stdout."),
    args: z.array(z.string()).describe("Arguments of that program."),
    options: z.record(z.string(), json),
  }),
  command("start", { client: z.string(), op: z.string(), as: z.string(), args: z.record(z.string(), json) }),
  command("await", { as: z.string(), withinMs: z.number() }),
  command("cancel", { as: z.string() }),
  command("events", { of: z.string(), stream: z.string(), count: z.number().int(), withinMs: z.number() }),
  command("answer", { of: z.string(), handler: z.string(), call: z.number().int(), policy: handlerPolicy }),
  command("state", { of: z.string() }),
  command("close", { client: z.string(), how: z.enum(["stop", "force"]) }),
  command("bye", {}),
]);
export type DriverCommand = z.infer<typeof driverCommand>;
/** A command without its number. */
export type DriverRequest = DriverCommand extends infer C ? (C extends DriverCommand ? Omit<C, "seq"> : never) : never;

/** An error of the SDK, as an application sees it. */
export const observedError = z.looseObject({
  message: z.string(),
  code: z.string().optional().describe("The SDK's stable code."),
  rpcCode: z.number().optional().describe("The number of the JSON-RPC error."),
  data: json.optional(),
});

/** What an operation came to. */
export const outcome = z.union([
  z.strictObject({ value: json }),
  z.strictObject({ error: observedError }),
  z.strictObject({ pending: z.literal(true) }),
]);

export const driverAnswer = z.union([
  z.strictObject({ seq, ok: json }),
  z.strictObject({ seq, unsupported: z.string() }).describe("What the SDK cannot do; a feature missing from hello."),
  z.strictObject({ seq, broken: z.string() }).describe("The driver itself failed: never a pass."),
]);
export type DriverAnswer = z.infer<typeof driverAnswer>;

export const helloAnswer = z.strictObject({
  name: z.string(),
  version: z.string(),
  language: z.string(),
  features: z.array(z.string()),
});
export type Hello = z.infer<typeof helloAnswer>;
