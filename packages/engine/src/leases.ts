/** Who runs a session. */
export interface LeaseHolder {
  readonly epoch: number;
  readonly host: string;
  /** ISO 8601. */
  readonly expiresAt: string;
}

/**
 * Which host runs which session, so that no two run one at once.
 *
 *   L1  A session has one holder at most: `claim` gives nothing while the lease of another living host lasts.
 *   L2  Every claim of a session that succeeds has an epoch that is higher than all before it, also those of the same host
 *       and of leases that were released.
 *   L3  What carries an epoch (`append`, `ack`) is refused with LEASE_LOST when a newer one was claimed. A lease that has
 *       merely run out still fences nobody: its holder may go on until somebody else claims the session.
 *
 * On a log with compare-and-set, such as NATS JetStream, the epoch stands in a key that is written with the revision that
 * was read, and a new holder's first append moves the sequence that a stale one expects.
 */
export interface Leases {
  /**
   * Takes a session for a host, for so long; undefined while another living host holds it. A host that holds it already
   * gets a new epoch.
   * @throws SESSION_NOT_FOUND, INVALID_PARAMS, STORE_UNAVAILABLE
   */
  claim(id: string, host: string, ttlMs: number): Promise<{ readonly epoch: number } | undefined>;
  /** Makes a lease last for so long from now on. False when it is no longer that of this epoch, or the session is gone. */
  renew(id: string, epoch: number, ttlMs: number): Promise<boolean>;
  /** Ends a lease, unless a newer one was claimed. Harmless when it has ended. */
  release(id: string, epoch: number): Promise<void>;
  /** Who holds a session now. */
  holder(id: string): Promise<LeaseHolder | undefined>;
  /** Sessions whose holder has gone without releasing them, at most `limit` (default 1,000). */
  expired(limit?: number): Promise<string[]>;
}
