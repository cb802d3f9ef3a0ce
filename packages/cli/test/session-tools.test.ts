// What operators do with stored sessions, with the command that they use.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { openLocalEngine } from "@narthex/engine";
import { startScriptedModel, type ScriptedAnswer, type ScriptedModel } from "@narthex/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { makeRepository, narthex, tempFolder, type Finished } from "./fixture.ts";
import { makeHome, type Home, type WireClient } from "./raw-runtime.ts";

const PERMISSION = "session.permissions.handlePendingPermissionRequest";

async function scriptedModel(...script: ScriptedAnswer[]): Promise<ScriptedModel> {
  const model = await startScriptedModel(...script);
  onTestFinished(() => model.close());
  return model;
}

const sessions = (home: Home, ...args: string[]): Promise<Finished> =>
  narthex(["sessions", ...args], { env: { NARTHEX_HOME: home.folder } });

async function succeeded(running: Promise<Finished>): Promise<string> {
  const { code, stdout, stderr } = await running;
  expect({ code, stderr }).toMatchObject({ code: 0 });
  return stdout;
}

async function turn(client: WireClient, sessionId: string, prompt: string, key?: string): Promise<string> {
  const send = { sessionId, prompt, ...(key === undefined ? {} : { idempotencyKey: key }) };
  const { messageId } = await client.call("session.send", send);
  await client.event("session.idle");
  return messageId;
}

/** A home in which one turn has run in the session "s". */
async function homeWithTurn(): Promise<{ home: Home; model: ScriptedModel }> {
  const model = await scriptedModel({ text: "hello there" });
  const home = makeHome(model.baseUrl);
  const runtime = await home.start();
  const client = await runtime.connect();
  await client.call("session.create", { sessionId: "s" });
  await turn(client, "s", "hello", "k1");
  await runtime.terminate();
  return { home, model };
}

/** Changes the store as a failing disk would: bytes of the file. */
function damage(home: Home, text: string, other: string): void {
  const file = path.join(home.folder, "narthex.db");
  const bytes = readFileSync(file);
  const at = bytes.indexOf(text);
  expect(at).toBeGreaterThan(0);
  bytes.write(other, at);
  writeFileSync(file, bytes);
}

describe("narthex sessions show", () => {
  it("tells where a session stands and what it has used, also while a runtime has it", async () => {
    const { home } = await homeWithTurn();
    const shown = JSON.parse(await succeeded(sessions(home, "show", "s", "--json")));
    expect(shown).toMatchObject({
      id: "s",
      isCloud: false,
      counts: { prompts: 1, answers: 1, toolCalls: 0 },
      work: { stage: "idle", isPending: false, waitingPrompts: 0, openToolCalls: [], openQuestions: [] },
      usage: { calls: 1, models: { scripted: { calls: 1 } } },
    });
    expect(shown.usage.inputTokens).toBeGreaterThan(0);
    expect(shown).not.toHaveProperty("holder");

    const client = await (await home.start()).connect();
    await client.call("session.resume", { sessionId: "s" });
    expect(await succeeded(sessions(home, "show", "s"))).toMatch(
      /work +nothing left to do\n(.*\n)*runs in +\S+\/\d+\//,
    );
    expect(await succeeded(sessions(home, "--json"))).toContain('"id":"s"');
    expect((await sessions(home, "show", "other")).stderr).toContain("SESSION_NOT_FOUND");
  });

  it("tells what waits in a session whose runtime was killed", async () => {
    const model = await scriptedModel({ hangAfter: "thinking" });
    const home = makeHome(model.baseUrl);
    const runtime = await home.start();
    const client = await runtime.connect();
    await client.call("session.create", { sessionId: "s", streaming: true });
    await client.call("session.send", { sessionId: "s", prompt: "one" });
    await client.call("session.send", { sessionId: "s", prompt: "two" });
    await client.event("assistant.message_delta");
    await runtime.kill();
    const shown = JSON.parse(await succeeded(sessions(home, "show", "s", "--json")));
    expect(shown.work).toMatchObject({ stage: "calling", isPending: true, waitingPrompts: 1 });
    expect(shown).not.toHaveProperty("holder");
    expect(await succeeded(sessions(home, "show", "s"))).toContain("1 prompts wait");
  });
});

describe("narthex sessions export and import", () => {
  it("take a session to another machine, where it goes on with its prompts, keys and workspace", async () => {
    const repositories = tempFolder();
    mkdirSync(path.join(repositories, "octo", "demo"), { recursive: true });
    makeRepository({ "README.md": "demo\n", ".gitignore": "ignored\n" }, path.join(repositories, "octo", "demo"));
    const edit = { command: "echo changed >> README.md; echo new > made.txt; echo x > ignored" };
    const model = await scriptedModel(
      { toolCalls: [{ name: "bash", arguments: edit }] },
      { text: "done" },
      { hangAfter: "thinking" },
      { text: "went on" },
    );
    const first = makeHome(model.baseUrl, { NARTHEX_REPOSITORIES: repositories });
    const runtime = await first.start();
    const a = await runtime.connect(["early-session-traffic"]);
    const cloud = { repository: { owner: "octo", name: "demo" } };
    const { sessionId } = await a.call("session.create", { cloud, requestPermission: true, streaming: true });
    const { messageId } = await a.call("session.send", { sessionId, prompt: "edit", idempotencyKey: "k1" });
    const { data } = await a.event("permission.requested");
    await a.call(PERMISSION, { sessionId, requestId: data.requestId, result: { kind: "approve-once" } });
    await a.event("session.idle");
    await a.call("session.send", { sessionId, prompt: "second" });
    await a.call("session.send", { sessionId, prompt: "third", idempotencyKey: "k3" });
    for (let call = 1; call <= 3; call += 1) await model.nextCall();
    await runtime.kill();

    const file = path.join(tempFolder(), "session.jsonl");
    await succeeded(sessions(first, "export", sessionId, "--output", file));
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect((await sessions(first, "export", sessionId, "--output", file)).stderr).toMatch(/USAGE.*already/);
    const second = makeHome(model.baseUrl); // without the repositories: what it needs came along
    expect(await succeeded(sessions(second, "import", file))).toContain("with its workspace");
    expect(await succeeded(sessions(second, "verify"))).toContain("as it was written");

    const workspace = path.join(second.folder, "workspaces", sessionId);
    const status = execFileSync("git", ["-C", workspace, "status", "--porcelain"], { encoding: "utf8" });
    expect(status).toBe(" M README.md\n?? made.txt\n");
    expect(execFileSync("git", ["-C", workspace, "log", "--format=%s"], { encoding: "utf8" })).toBe("first commit\n");
    expect(existsSync(path.join(workspace, "ignored"))).toBe(false);

    const b = await (await second.start()).connect();
    await b.call("session.resume", { sessionId, requestPermission: true });
    await b.event("session.idle");
    const { events } = await b.call("session.getMessages", { sessionId });
    const prompts = events.filter(({ type }: any) => type === "user.message");
    expect(prompts.map(({ data: { content } }: any) => content)).toEqual(["edit", "second", "third"]);
    expect(await b.call("session.send", { sessionId, prompt: "edit", idempotencyKey: "k1" })).toEqual({ messageId });
    const asked = JSON.stringify(model.calls.at(-1)!.body.messages);
    for (const text of ["edit", "second", "third"]) expect(asked).toContain(text);
    expect(existsSync(path.join(workspace, "made.txt"))).toBe(true);
  });

  it("leave both homes as they are when the id is taken, and take another one with --as", async () => {
    const { home } = await homeWithTurn();
    const file = path.join(tempFolder(), "s.jsonl");
    await succeeded(sessions(home, "export", "s", "--output", file));
    const taken = await sessions(home, "import", file);
    expect(taken).toMatchObject({ code: 1, stderr: expect.stringMatching(/SESSION_ID_CONFLICT.*--as/) });
    const told = JSON.parse(await succeeded(sessions(home, "import", file, "--as", "copy", "--json")));
    expect(told).toMatchObject({ id: "copy", workspace: false });
    const client = await (await home.start()).connect();
    await client.call("session.resume", { sessionId: "copy" });
    await turn(client, "copy", "again");
    const count = async (sessionId: string): Promise<number> =>
      (await client.call("session.getMessages", { sessionId })).events.filter((e: any) => e.type === "user.message")
        .length;
    expect([await count("s"), await count("copy")]).toEqual([1, 2]);
  });

  it("work while a runtime uses both homes", async () => {
    const { home } = await homeWithTurn();
    const client = await (await home.start()).connect();
    await client.call("session.resume", { sessionId: "s" });
    const stdout = await succeeded(sessions(home, "export", "s"));
    const file = path.join(tempFolder(), "s.jsonl");
    writeFileSync(file, stdout);
    await succeeded(sessions(home, "import", file, "--as", "copy"));
    await client.call("session.resume", { sessionId: "copy" });
    await turn(client, "s", "more");
    expect(await succeeded(sessions(home, "verify"))).toContain("as it was written");
  });

  it("let a folder of the user's be another one on the other machine", async () => {
    const { home } = await homeWithTurn();
    const file = path.join(tempFolder(), "s.jsonl");
    await succeeded(sessions(home, "export", "s", "--output", file));
    const [other, folder] = [makeHome((await scriptedModel({ text: "hi" })).baseUrl), tempFolder()];
    await succeeded(sessions(other, "import", file, "--directory", folder));
    const client = await (await other.start()).connect();
    expect(await client.call("session.resume", { sessionId: "s" })).toMatchObject({ workspacePath: folder });
    await turn(client, "s", "go on");
  });

  it("take a file whole or not at all, and say which line is wrong", async () => {
    const { home } = await homeWithTurn();
    const archive = await succeeded(sessions(home, "export", "s"));
    const lines = archive.trimEnd().split("\n");
    const file = path.join(tempFolder(), "s.jsonl");
    const other = makeHome();
    const refused = async (text: string, pattern: RegExp): Promise<void> => {
      writeFileSync(file, text);
      const { code, stderr } = await sessions(other, "import", file);
      expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringMatching(/ARCHIVE_INVALID/) });
      expect(stderr).toMatch(pattern);
    };
    const without = (index: number): string => `${lines.filter((_, at) => at !== index).join("\n")}\n`;
    const changed = (index: number, from: string, to: string): string =>
      `${lines.map((line, at) => (at === index ? line.replace(from, to) : line)).join("\n")}\n`;
    await refused("", /Line 1: .*cut off/);
    await refused(`${lines.slice(0, -1).join("\n")}\n`, new RegExp(`Line ${lines.length - 1}: .*cut off`));
    await refused(archive.slice(0, archive.length / 2), /Line \d+: .*(no JSON|cut off)/);
    await refused(without(lines.length - 2), /cut off/);
    await refused(without(3), /Line 4: .*parent/);
    await refused(changed(1, '"isCloud":false', '"isCloud":true '), /checksum/);
    await refused(changed(2, "{", "[{"), /Line 3: .*no JSON/);
    await refused(changed(2, '"kind":"event"', '"kind":"thing"'), /Line 3: .*unknown/);
    await refused(changed(0, '"narthexArchive":1', '"narthexArchive":2'), /Line 1: .*version 2/);
    await refused(`${archive}{}\n`, /Line \d+: .*behind its end/);
    const engine = await openLocalEngine({ directory: other.folder });
    expect(await engine.directory.list({ onlyWithUserMessage: false })).toEqual([]);
    expect(await engine.verify()).toEqual([]);
    await engine.close();
    expect((await sessions(other, "import", path.join(other.folder, "nothing"))).stderr).toContain("USAGE");
  });
});

describe("narthex sessions verify", () => {
  it("ends with 1 when something is wrong, says what, and changes nothing", async () => {
    const { home } = await homeWithTurn();
    expect(await sessions(home, "verify")).toMatchObject({ code: 0 });
    damage(home, "hello there", "hullo there");
    const files = readdirSync(home.folder).filter((name) => name.startsWith("narthex."));
    const bytes = (): Buffer[] => files.map((name) => readFileSync(path.join(home.folder, name)));
    const before = bytes();
    const { code, stdout } = await sessions(home, "verify", "s", "--json");
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, findings: [expect.stringMatching(/Session s, record \d+/)] });
    expect(bytes()).toEqual(before);
    expect((await sessions(home, "verify", "other")).stderr).toContain("SESSION_NOT_FOUND");
  });

  it("makes nothing where nothing is", async () => {
    const folder = path.join(tempFolder(), "none");
    const result = await narthex(["sessions", "verify", "--home", folder]);
    expect(result).toMatchObject({ code: 1, stderr: expect.stringContaining("STORE_UNAVAILABLE") });
    expect(existsSync(folder)).toBe(false);
  });
});

describe("a session whose log is damaged", () => {
  it("is refused with STORE_CORRUPT, for reading and for writing; others go on", async () => {
    const { home } = await homeWithTurn();
    damage(home, "hello there", "hullo there");
    const client = await (await home.start()).connect();
    for (const method of ["session.resume", "session.getMessages", "session.send"]) {
      const call = client.call(method, { sessionId: "s", prompt: "go on" });
      await expect(call).rejects.toMatchObject({ code: "STORE_CORRUPT" });
    }
    await client.call("session.create", { sessionId: "other" });
    await turn(client, "other", "hello");
    expect((await sessions(home, "export", "s")).stderr).toContain("STORE_CORRUPT");
  });
});

describe("narthex sessions prune", () => {
  it("deletes what is old and done, with its workspace, and keeps everything else", async () => {
    const model = await scriptedModel({ text: "a" }, { text: "b" }, { text: "c" }, { hangAfter: "d" }, { text: "e" });
    const home = makeHome(model.baseUrl);
    const runtime = await home.start();
    const client = await runtime.connect(["early-session-traffic"]);
    const ids: string[] = [];
    for (let n = 0; n < 2; n += 1) ids.push((await client.call("session.create", { cloud: {} })).sessionId);
    for (const sessionId of [...ids, "named"]) {
      if (sessionId === "named") await client.call("session.create", { sessionId });
      await turn(client, sessionId, "hello");
    }
    const busy = (await client.call("session.create", { cloud: {}, streaming: true })).sessionId;
    await client.call("session.send", { sessionId: busy, prompt: "hang" });
    for (let call = 1; call <= 4; call += 1) await model.nextCall();
    const [gone, live] = ids as [string, string];
    await client.call("session.destroy", { sessionId: gone });
    const prune = async (...args: string[]) =>
      JSON.parse(await succeeded(sessions(home, "prune", "--older-than", "0", "--json", ...args)));

    // While the runtime runs: only what it does not have in memory.
    const dry = await prune("--dry-run");
    expect(dry).toMatchObject({ dryRun: true, deleted: 1 });
    expect(dry.bytes).toBeGreaterThan(0);
    const workspace = path.join(home.folder, "workspaces", gone);
    expect(existsSync(workspace)).toBe(true);
    const done = await prune();
    expect(done).toMatchObject({ deleted: 1, bytes: dry.bytes });
    expect(done.sessions).toContainEqual(expect.objectContaining({ id: live, what: "kept" }));
    expect(existsSync(workspace)).toBe(false);
    await expect(client.call("session.getMessages", { sessionId: gone })).rejects.toMatchObject({
      code: "SESSION_NOT_FOUND",
    });
    await turn(client, live, "still here");

    // Killed: what it had is free, and what it had to do is kept.
    await runtime.kill();
    expect((await prune("--with-named")).deleted).toBe(2);
    const left = await prune();
    expect(left.sessions).toEqual([{ id: busy, what: "kept", bytes: 0, reason: "it has something left to do" }]);
    expect(await succeeded(sessions(home, "verify"))).toContain("as it was written");
  });

  it("keeps what is not old, and wants a number of days", async () => {
    const { home } = await homeWithTurn();
    const text = await succeeded(sessions(home, "prune", "--older-than", "1", "--with-named"));
    expect(text).toBe("0 sessions deleted, 0 bytes of records and workspaces.\n");
    expect((await sessions(home, "prune", "--older-than", "soon")).code).toBe(2);
    expect((await sessions(home, "prune")).code).toBe(2);
  });
});

describe("two runtimes on one data folder", () => {
  it("do not run a session both; the second has it when the first lets go, or is killed", async () => {
    const model = await scriptedModel({ text: "one" }, { text: "two" }, { text: "three" });
    const home = makeHome(model.baseUrl);
    const [first, second] = [await home.start(), await home.start()];
    const [a, b] = [await first.connect(), await second.connect()];
    await a.call("session.create", { sessionId: "s" });
    await turn(a, "s", "first");
    for (const method of ["session.resume", "session.send", "session.delete"]) {
      const call = b.call(method, { sessionId: "s", prompt: "mine" });
      await expect(call).rejects.toMatchObject({ code: "SESSION_LEASED" });
    }
    await b.call("session.create", { sessionId: "t" }); // others go on
    await a.call("session.destroy", { sessionId: "s" });
    await b.call("session.resume", { sessionId: "s" });
    await turn(b, "s", "second");
    await expect(a.call("session.resume", { sessionId: "s" })).rejects.toMatchObject({ code: "SESSION_LEASED" });
    await second.kill();
    await a.call("session.resume", { sessionId: "s" });
    await turn(a, "s", "third");
    const { events } = await a.call("session.getMessages", { sessionId: "s" });
    const said = events.filter(({ type }: any) => type === "assistant.message").map(({ data }: any) => data.content);
    expect(said).toEqual(["one", "two", "three"]);
    expect(await succeeded(sessions(home, "verify"))).toContain("as it was written");
  });
});
