// Rules about the arguments of a program. An argument that no rule names is refused.
import type { ShellWord } from "./shell-parser.ts";

/** Are these arguments harmless? */
export type ArgumentRule = (args: readonly ShellWord[]) => boolean;

/** For programs none of whose options writes, deletes or starts anything. */
export const anyArguments: ArgumentRule = () => true;

export const noArguments: ArgumentRule = (args) => args.length === 0;

/** Exactly these words, one of them at a time. */
export function oneOf(...allowed: string[]): ArgumentRule {
  return (args) => args.length === 1 && args[0] !== undefined && isLiteral(args[0]) && allowed.includes(args[0].text);
}

/** What `onlyOptions` allows. */
export interface OptionList {
  /** Letters of options without a value. */
  readonly flags?: string;
  /** Letters of options with a value, attached or as the next word. */
  readonly valued?: string;
  /** Long options, exactly as written, with or without `=value`. */
  readonly long?: readonly string[];
  /** Long options whose value may be the next word. */
  readonly longValued?: readonly string[];
  /** Other words beginning with `-`, as a whole (such as `-10`). */
  readonly other?: RegExp;
  /** Most arguments that are no options; default without a bound. */
  readonly maxOperands?: number;
}

/**
 * Only the listed options. A word with a glob is refused where it could turn into an option, or into more operands
 * than are allowed.
 */
export function onlyOptions(list: OptionList): ArgumentRule {
  return (args) => {
    const operands = operandsOf(args, list);
    if (operands === undefined) return false;
    if (list.maxOperands === undefined) return true;
    return operands.length <= list.maxOperands && operands.every(isLiteral);
  };
}

/** The words that are no options; undefined when an option is not on the list. */
export function operandsOf(args: readonly ShellWord[], list: OptionList): readonly ShellWord[] | undefined {
  const operands: ShellWord[] = [];
  for (let i = 0; i < args.length; i += 1) {
    const word = args[i];
    if (word === undefined) break;
    if (word.globAt === 0) return undefined;
    if (word.text === "--") return [...operands, ...args.slice(i + 1)];
    if (!word.text.startsWith("-") || word.text === "-") {
      operands.push(word);
      continue;
    }
    const taken = word.globAt === -1 ? wordsTaken(word.text, list) : undefined;
    if (taken === undefined) return undefined;
    i += taken;
  }
  return operands;
}

/** How many further words this option takes as its value; undefined when it is not allowed. */
function wordsTaken(option: string, list: OptionList): 0 | 1 | undefined {
  if (list.other?.test(option) === true) return 0;
  if (option.startsWith("--")) {
    const [name = ""] = option.split("=", 1);
    if (list.longValued?.includes(name) === true) return option.includes("=") ? 0 : 1;
    return list.long?.includes(name) === true ? 0 : undefined;
  }
  for (let i = 1; i < option.length; i += 1) {
    const letter = option.charAt(i);
    if (list.valued?.includes(letter) === true) return i === option.length - 1 ? 1 : 0;
    if (list.flags?.includes(letter) !== true) return undefined;
  }
  return 0;
}

/** True for a word that stays exactly as it is written. */
export function isLiteral(word: ShellWord): boolean {
  return word.globAt === -1;
}
