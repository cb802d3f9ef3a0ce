// Handlers of an application, made from the policies of a scenario. Every call stands in the session's journal.

/**
 * @param policies by handler name: {reply}, {echo}, {throw}, {never} or {hold}
 * @param journal where calls are noted, in order
 */
export function makeHandlers(policies, journal) {
  const held = new Map();
  const calls = new Map();

  /** Notes a call, then answers as the policy says. */
  const run = (handler, policy, seen, echo) => {
    const call = calls.get(handler) ?? 0;
    calls.set(handler, call + 1);
    journal.push({ call: handler, ...seen });
    return settle(policy, echo, `${handler}#${call}`);
  };
  const settle = async (policy, echo, key) => {
    if (policy.throw !== undefined) throw new Error(policy.throw);
    if (policy.echo) return echo;
    if (policy.never) return new Promise(() => undefined);
    if (!policy.hold) return policy.reply;
    return new Promise((resolve, reject) => {
      held.set(key, (later) => settle(later, echo, key).then(resolve, reject));
    });
  };
  return {
    run,
    /** Lets a held call go. */
    answer: ({ handler, call, policy }) => {
      const go = held.get(`${handler}#${call}`);
      if (go === undefined) throw new Error(`No held call ${handler}#${call}`);
      held.delete(`${handler}#${call}`);
      go(policy);
    },
    config: configOf(policies, run),
  };
}

const HOOKS = {
  preToolUse: "onPreToolUse",
  postToolUse: "onPostToolUse",
  userPromptSubmitted: "onUserPromptSubmitted",
  sessionStart: "onSessionStart",
  sessionEnd: "onSessionEnd",
  errorOccurred: "onErrorOccurred",
};

/** The part of a session config that the SDKs in JavaScript share. */
function configOf(policies, run) {
  const config = {};
  const simple = (name, option, echoOf = () => undefined) => {
    const policy = policies[name];
    if (policy !== undefined) config[option] = (request) => run(name, policy, { request }, echoOf(request));
  };
  simple("permission", "onPermissionRequest");
  simple("userInput", "onUserInputRequest", (request) => ({ answer: request.question, wasFreeform: true }));
  simple("elicitation", "onElicitationRequest");
  simple("exitPlanMode", "onExitPlanModeRequest");
  simple("autoModeSwitch", "onAutoModeSwitchRequest");
  const hooks = Object.entries(policies.hooks ?? {}).map(([type, policy]) => [
    HOOKS[type],
    (input) => run(`hook:${type}`, policy, { request: input }, input),
  ]);
  if (hooks.length > 0) config.hooks = Object.fromEntries(hooks);
  const tools = Object.entries(policies.tools ?? {}).map(([name, policy]) => ({
    name,
    description: `tool ${name}`,
    handler: (args) => run(`tool:${name}`, policy, { request: args }, JSON.stringify(args)),
  }));
  if (tools.length > 0) config.tools = tools;
  const commands = Object.entries(policies.commands ?? {}).map(([name, policy]) => ({
    name,
    description: `command ${name}`,
    handler: (context) => run(`command:${name}`, policy, { request: { args: context.args } }, undefined),
  }));
  if (commands.length > 0) config.commands = commands;
  const sections = Object.entries(policies.transforms ?? {}).map(([id, policy]) => [
    id,
    { action: (content) => run(`transform:${id}`, policy, { request: content }, content) },
  ]);
  if (sections.length > 0) config.systemMessage = { mode: "customize", sections: Object.fromEntries(sections) };
  if (policies.sessionFs !== undefined) config.createSessionFsProvider = fileSystemFactory(policies.sessionFs, run);
  return config;
}

/** A file system in memory. {files} begins with some, {throw} makes the factory throw, {never} makes every read wait. */
function fileSystemFactory(policy, run) {
  return () => {
    if (policy.throw !== undefined) throw new Error(policy.throw);
    const files = new Map(Object.entries(policy.files ?? {}));
    const note = (method, path, value) =>
      run(`fs:${method}`, policy.never ? { never: true } : { reply: value }, { request: path });
    return {
      readFile: async (path) => {
        const content = files.get(path);
        await note("readFile", path);
        if (content === undefined) throw Object.assign(new Error(`no such file: ${path}`), { code: "ENOENT" });
        return content;
      },
      writeFile: async (path, content) => {
        files.set(path, content);
        await note("writeFile", path);
      },
      appendFile: async (path, content) => {
        files.set(path, (files.get(path) ?? "") + content);
        await note("appendFile", path);
      },
      exists: async (path) => note("exists", path, files.has(path)),
      stat: async (path) => {
        await note("stat", path);
        const at = new Date(0).toISOString();
        return { isFile: true, isDirectory: false, size: files.get(path)?.length ?? 0, mtime: at, birthtime: at };
      },
      mkdir: async (path) => void (await note("mkdir", path)),
      readdir: async (path) => (await note("readdir", path), [...files.keys()]),
      readdirWithTypes: async (path) => (
        await note("readdirWithTypes", path),
        [...files.keys()].map((name) => ({ name, type: "file" }))
      ),
      rm: async (path) => {
        files.delete(path);
        await note("rm", path);
      },
      rename: async (from, to) => {
        files.set(to, files.get(from));
        files.delete(from);
        await note("rename", from);
      },
    };
  };
}
