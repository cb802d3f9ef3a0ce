import type { Engine } from "@narthex/engine";

/** An engine that stops at a moment of the test's choosing, as if its process had been killed. */
export interface Mortal {
  readonly wrap: (engine: Engine) => Engine;
  /** Resolves when the life is over. */
  readonly dead: Promise<void>;
  /** Commits that were made. */
  readonly commits: () => number;
}

/**
 * Lets so many commits through; then nothing is written any more and no call returns. What is written in one turn of the
 * event loop is one commit, as in the engine itself.
 */
export function mortal(lifetimeInCommits: number): Mortal {
  let commits = 0;
  let isWithinCommit = false;
  let die = (): void => undefined;
  const dead = new Promise<void>((resolve) => (die = resolve));
  const mayWrite = (): boolean => {
    if (isWithinCommit) return true;
    if (commits >= lifetimeInCommits) {
      die();
      return false;
    }
    commits += 1;
    isWithinCommit = true;
    setImmediate(() => (isWithinCommit = false));
    return true;
  };
  const never = <T>(): Promise<T> => new Promise(() => undefined);
  const wrap = (engine: Engine): Engine => wrapped(engine, mayWrite, never);
  return { wrap, dead, commits: () => commits };
}

function wrapped(engine: Engine, mayWrite: () => boolean, never: <T>() => Promise<T>): Engine {
  const { directory, log, mailbox, leases } = engine;
  return {
    directory: {
      create: (record) => (mayWrite() ? directory.create(record) : never()),
      createOnce: (record, key) => (mayWrite() ? directory.createOnce(record, key) : never()),
      createdWith: (key) => directory.createdWith(key),
      get: (id) => directory.get(id),
      list: (filter, page) => directory.list(filter, page),
      update: (id, patch, revision) => (mayWrite() ? directory.update(id, patch, revision) : never()),
      remove: (id) => (mayWrite() ? directory.remove(id) : never()),
      restingSince: (moment, page) => directory.restingSince(moment, page),
      last: () => directory.last(),
    },
    log: {
      append: (id, events, options) => (mayWrite() ? log.append(id, events, options) : never()),
      read: (id, options) => log.read(id, options),
      tail: (id) => log.tail(id),
      locate: (id, eventId) => log.locate(id, eventId),
      subscribe: (id, listener) => log.subscribe(id, listener),
    },
    mailbox: {
      post: (id, command) => (mayWrite() ? mailbox.post(id, command) : never()),
      find: (id, commandId) => mailbox.find(id, commandId),
      take: (id) => mailbox.take(id),
      sessionsWaiting: (page) => mailbox.sessionsWaiting(page),
      ack: (id, positions, options) => (mayWrite() ? mailbox.ack(id, positions, options) : never()),
    },
    leases: {
      claim: (id, host, ttlMs) => (mayWrite() ? leases.claim(id, host, ttlMs) : never()),
      renew: (id, epoch, ttlMs) => (mayWrite() ? leases.renew(id, epoch, ttlMs) : never()),
      release: (id, epoch) => (mayWrite() ? leases.release(id, epoch) : never()),
      holder: (id) => leases.holder(id),
      expired: (limit) => leases.expired(limit),
    },
    archives: engine.archives,
    isAlone: () => engine.isAlone(),
    verify: (id) => engine.verify(id),
    close: () => engine.close(),
  };
}
