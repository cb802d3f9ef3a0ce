import process from "node:process";
import { reportSession, type SessionReport } from "@narthex/runtime";
import { colorsFor } from "../colors.ts";
import { withoutControlCharacters } from "../run/control-characters.ts";
import { readStore, storeOf, type StoreFlags } from "./store.ts";

/** Tells what a session is, where its work stands and what it has used. */
export async function showCommand(id: string, flags: StoreFlags): Promise<void> {
  const report = await readStore(storeOf(flags), (engine) => reportSession(engine, id));
  process.stdout.write(flags.json === true ? `${JSON.stringify(toJson(report))}\n` : toText(report));
}

function toJson({ record, counts, work, usage, holder }: SessionReport): object {
  const { id, createdAt, updatedAt, isCloud, attributes } = record;
  return {
    id,
    createdAt,
    updatedAt,
    isCloud,
    attributes,
    counts,
    work,
    usage,
    ...(holder === undefined ? {} : { holder }),
  };
}

function toText(report: SessionReport): string {
  const { record, counts, usage, holder } = report;
  const { repository, branch, summary, cwd } = record.attributes as Record<string, string | undefined>;
  const place = repository === undefined ? cwd : `${repository}${branch === undefined ? "" : `, branch ${branch}`}`;
  const rows: [string, string | undefined][] = [
    ["session", record.id],
    ["title", summary],
    ["kind", record.isCloud ? "cloud session" : "local session"],
    ["place", place],
    ["created", record.createdAt],
    ["changed", record.updatedAt],
    ["events", `${counts.events} (${counts.bytes} bytes)`],
    ["turns", `${counts.prompts} prompts, ${counts.answers} answers of the model, ${counts.toolCalls} tool calls`],
    ["work", workText(report)],
    ["tokens", tokensText(usage)],
    ...Object.entries(usage.models).map(([model, own]): [string, string] => ["", `${model}: ${tokensText(own)}`]),
    ["runs in", holder === undefined ? "no process" : `${holder.host}, at least until ${holder.expiresAt}`],
  ];
  const colors = colorsFor(process.stdout);
  const lines = rows.flatMap(([label, text]) => (text === undefined ? [] : [`${colors.dim(label.padEnd(9))}${text}`]));
  return `${lines.map((line) => withoutControlCharacters(line.replaceAll("\n", " "))).join("\n")}\n`;
}

function workText({ work }: SessionReport): string {
  const { stage, waitingPrompts, openToolCalls, openQuestions } = work;
  const parts = [
    waitingPrompts > 0 ? `${waitingPrompts} prompts wait` : "",
    openToolCalls.length > 0 ? `tool calls without a result: ${openToolCalls.join(", ")}` : "",
    openQuestions.length > 0 ? `questions without an answer: ${openQuestions.map(({ kind }) => kind).join(", ")}` : "",
  ].filter((part) => part !== "");
  if (!work.isPending && parts.length === 0) return "nothing left to do";
  return [`goes on when a client resumes it (${stage})`, ...parts].join("; ");
}

function tokensText(usage: { calls: number; inputTokens: number; outputTokens: number }): string {
  return `${usage.inputTokens} in, ${usage.outputTokens} out, in ${usage.calls} answers`;
}
