// A conservative reader of shell command lines. It splits what it is sure about into simple commands and says
// `isClear: false` for everything else: expansions, substitutions, here-documents, assignments, functions, braces.
// S1: a line that is clear runs exactly the commands listed, with exactly the words listed (globs aside).

/** One word of a command. */
export interface ShellWord {
  /** The word after quote removal. */
  readonly text: string;
  /** False when any part was quoted or escaped. */
  readonly isPlain: boolean;
  /** Where the first unquoted `*`, `?` or `[` stands in `text`; -1 without one. */
  readonly globAt: number;
}

/** One redirection. */
export interface ShellRedirect {
  /** Such as `>`, `2>>` without its number, `<`, `>&`. */
  readonly operator: string;
  readonly target: ShellWord;
}

/** A program with its arguments. */
export interface SimpleCommand {
  readonly words: readonly ShellWord[];
  readonly redirects: readonly ShellRedirect[];
  /** The command as it stands in the line. */
  readonly text: string;
}

export interface ShellLine {
  readonly commands: readonly SimpleCommand[];
  /** True when the line holds nothing but simple commands, pipes, lists, subshells and redirections. */
  readonly isClear: boolean;
}

type Token =
  | { readonly kind: "word"; readonly word: ShellWord; readonly end: number }
  | { readonly kind: "redirect"; readonly operator: string; readonly end: number }
  | { readonly kind: "separator"; readonly operator: string; readonly end: number };

/** Splits a command line into its simple commands. Never throws. */
export function parseShellLine(line: string): ShellLine {
  const scanner = new Scanner(line);
  const commands: SimpleCommand[] = [];
  let current = emptyCommand(0);
  let isClear = true;
  const finish = (end: number, next: number): void => {
    if (current.operator !== undefined) isClear = false; // a redirection without a target
    if (current.words.length > 0 || current.redirects.length > 0) {
      commands.push({
        words: current.words,
        redirects: current.redirects,
        text: line.slice(current.start, end).trim(),
      });
    }
    current = emptyCommand(next);
  };
  for (let token = scanner.next(); token !== undefined; token = scanner.next()) {
    if (token.kind === "separator") {
      // "name (" starts a function or an extended glob.
      if (token.operator === "(" && (current.words.length > 0 || current.redirects.length > 0)) isClear = false;
      finish(token.end - token.operator.length, token.end);
    } else if (token.kind === "redirect") {
      if (current.operator !== undefined) isClear = false;
      current.operator = token.operator;
    } else if (current.operator !== undefined) {
      current.redirects.push({ operator: current.operator, target: token.word });
      current.operator = undefined;
    } else {
      current.words.push(token.word);
    }
  }
  finish(line.length, line.length);
  return { commands, isClear: isClear && scanner.isClear };
}

function emptyCommand(start: number) {
  return {
    words: [] as ShellWord[],
    redirects: [] as ShellRedirect[],
    operator: undefined as string | undefined,
    start,
  };
}

// Longest first.
const REDIRECTS = ["&>>", "<<<", "<<-", "&>", "<<", "<>", "<&", ">>", ">&", ">|", "<", ">"];
const SEPARATORS = ["||", "|&", "&&", "|", "&", ";", "\n", "(", ")"];
const UNCLEAR_REDIRECTS = new Set(["<<<", "<<-", "<<", "<&"]);

/** Characters that bash might read differently from us: control characters and blanks other than space and tab. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const ODD_CHARACTER = /[\u0000-\u0008\u000b-\u001f\u007f-\u00a0\u1680\u2000-\u200f\u2028-\u202f\u205f\u3000\ufeff]/;

class Scanner {
  readonly #line: string;
  #at = 0;
  isClear: boolean;

  constructor(line: string) {
    this.#line = line;
    this.isClear = !ODD_CHARACTER.test(line);
  }

  next(): Token | undefined {
    this.#skipBlanks();
    if (this.#at >= this.#line.length) return undefined;
    const redirect = this.#operator(REDIRECTS);
    if (redirect !== undefined) return this.#redirect(redirect);
    const separator = this.#operator(SEPARATORS);
    if (separator === undefined) return this.#word();
    if (separator === "(" && this.#line[this.#at] === "(") this.isClear = false; // arithmetic
    if (separator === ";" && (this.#line[this.#at] === ";" || this.#line[this.#at] === "&")) this.isClear = false;
    return { kind: "separator", operator: separator, end: this.#at };
  }

  #redirect(operator: string): Token {
    const rest = this.#line.slice(this.#at, this.#at + 2);
    const isProcessSubstitution = rest.startsWith("(");
    // After ">&-" and its like bash starts a new word; only the plain ">&1" is taken.
    const isOddDuplicate = operator.endsWith(">&") && !/^\d(?:[\s;&|()<>]|$)/.test(rest);
    if (UNCLEAR_REDIRECTS.has(operator) || isProcessSubstitution || isOddDuplicate) this.isClear = false;
    return { kind: "redirect", operator, end: this.#at };
  }

  #skipBlanks(): void {
    for (;;) {
      const char = this.#line[this.#at];
      if (char === " " || char === "\t") this.#at += 1;
      else if (char === "\\" && this.#line[this.#at + 1] === "\n") this.#at += 2;
      else if (char === "#") this.#skipComment();
      else return;
    }
  }

  #skipComment(): void {
    const end = this.#line.indexOf("\n", this.#at);
    this.#at = end === -1 ? this.#line.length : end;
  }

  #operator(operators: readonly string[]): string | undefined {
    const operator = operators.find((candidate) => this.#line.startsWith(candidate, this.#at));
    if (operator !== undefined) this.#at += operator.length;
    return operator;
  }

  /** A word up to an unquoted blank or operator. A number right before `<` or `>` belongs to the redirection. */
  #word(): Token {
    const word = new WordInProgress();
    for (;;) {
      const char = this.#line[this.#at];
      if (char === undefined || " \t\n|&;()<>".includes(char)) break;
      this.#at += 1;
      if (char === "'") this.#singleQuoted(word);
      else if (char === '"') this.#doubleQuoted(word);
      else if (char === "\\") this.#escaped(word);
      else {
        if (char === "$" || char === "`" || char === "{" || char === "}") this.isClear = false;
        word.add(char, "*?[".includes(char));
      }
    }
    const operator = /^\d+$/.test(word.text) && word.isPlain ? this.#numberedRedirect() : undefined;
    return operator ?? { kind: "word", word: word.finish(), end: this.#at };
  }

  #numberedRedirect(): Token | undefined {
    const char = this.#line[this.#at];
    if (char !== "<" && char !== ">") return undefined;
    const operator = this.#operator(REDIRECTS);
    return operator === undefined ? undefined : this.#redirect(operator);
  }

  #singleQuoted(word: WordInProgress): void {
    const end = this.#line.indexOf("'", this.#at);
    if (end === -1) this.isClear = false;
    const stop = end === -1 ? this.#line.length : end;
    word.addQuoted(this.#line.slice(this.#at, stop));
    this.#at = stop + 1;
  }

  #doubleQuoted(word: WordInProgress): void {
    word.addQuoted("");
    for (;;) {
      const char = this.#line[this.#at];
      this.#at += 1;
      if (char === '"') return;
      if (char === undefined) {
        this.isClear = false;
        return;
      }
      if (char === "$" || char === "`") this.isClear = false;
      const next = this.#line[this.#at];
      if (char === "\\" && next !== undefined && '$`"\\\n'.includes(next)) {
        word.addQuoted(next === "\n" ? "" : next);
        this.#at += 1;
      } else word.addQuoted(char);
    }
  }

  #escaped(word: WordInProgress): void {
    const next = this.#line[this.#at];
    if (next === undefined) this.isClear = false;
    if (next !== "\n") word.addQuoted(next ?? "");
    this.#at += 1;
  }
}

class WordInProgress {
  text = "";
  isPlain = true;
  #globAt = -1;

  add(char: string, isGlob: boolean): void {
    if (isGlob && this.#globAt === -1) this.#globAt = this.text.length;
    this.text += char;
  }

  addQuoted(text: string): void {
    this.isPlain = false;
    this.text += text;
  }

  finish(): ShellWord {
    return { text: this.text, isPlain: this.isPlain, globAt: this.#globAt };
  }
}
