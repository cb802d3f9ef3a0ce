const SECRET_HEADER = /auth|key|token|secret|cookie|password/i;
/** Shorter values would blot out ordinary text. */
const MIN_SECRET_CHARS = 4;

/** Takes secrets out of texts that came from elsewhere, before anybody reads them. */
export class SecretFilter {
  readonly #secrets = new Set<string>();

  /** @param headers those whose name sounds like a secret are kept out too */
  constructor(headers: Readonly<Record<string, string>> = {}) {
    for (const [name, value] of Object.entries(headers)) {
      if (!SECRET_HEADER.test(name)) continue;
      this.add(value);
      this.add(value.replace(/^\w+\s+/, "")); // "Bearer …"
    }
  }

  add(secret: string | undefined): void {
    if (secret === undefined || secret.length < MIN_SECRET_CHARS) return;
    this.#secrets.add(secret);
    this.#secrets.add(encodeURIComponent(secret));
    this.#secrets.add(JSON.stringify(secret).slice(1, -1));
  }

  clean(text: string): string {
    let cleaned = text;
    for (const secret of this.#secrets) cleaned = cleaned.replaceAll(secret, "[secret]");
    return cleaned;
  }
}
