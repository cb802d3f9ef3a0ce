// Programs that only read, and the arguments with which they do. What is not listed here is taken to write.
// Left out on purpose: programs that run code of the folder they stand in even for `--version` (cargo, yarn, pnpm, go),
// awk, xargs, env, less, xxd, hostname, curl.
import { isReadOnlyGit } from "./read-only-git.ts";
import {
  anyArguments,
  isLiteral,
  noArguments,
  oneOf,
  onlyOptions,
  operandsOf,
  type ArgumentRule,
} from "./option-rules.ts";

const sortRule = onlyOptions({
  flags: "bdfghiMnRrVcCmsuz",
  valued: "kt",
  long: [
    "--reverse",
    "--unique",
    "--numeric-sort",
    "--human-numeric-sort",
    "--version-sort",
    "--ignore-case",
    "--stable",
    "--check",
    "--zero-terminated",
  ],
  longValued: ["--key", "--field-separator"],
});

/** A second file name of `uniq` is written to. */
const uniqRule = onlyOptions({
  flags: "cdDiuz",
  valued: "fsw",
  long: ["--count", "--repeated", "--unique", "--ignore-case"],
  maxOperands: 1,
});

/** A bare argument of `date` sets the clock. */
const dateRule: ArgumentRule = (args) => {
  const list = {
    flags: "uRI",
    valued: "dr",
    long: ["--utc", "--iso-8601", "--rfc-3339"],
    longValued: ["--date", "--reference"],
  };
  const options = operandsOf(args, { ...list, other: /^-I[a-z]+$/ });
  return options !== undefined && options.every((word) => word.text.startsWith("+"));
};

const treeRule = onlyOptions({
  flags: "adfhiNspugDFrt",
  valued: "LIP",
  long: ["--noreport", "--dirsfirst", "--gitignore", "--du"],
});

const fileRule = onlyOptions({ flags: "bhiLkr", long: ["--brief", "--mime", "--mime-type", "--mime-encoding"] });

const diffRule = onlyOptions({
  flags: "abBcdeEinNpqrstTuwyZ",
  valued: "UCx",
  long: ["--brief", "--recursive", "--unified", "--ignore-all-space", "--ignore-case", "--new-file", "--side-by-side"],
  longValued: ["--exclude"],
});

const ripgrepRule = onlyOptions({
  flags: "acFhHiIlnNopPqSsUuvwx.0",
  valued: "ABCdeEgjmtTr",
  long: [
    "--count",
    "--files",
    "--files-with-matches",
    "--fixed-strings",
    "--heading",
    "--hidden",
    "--ignore-case",
    "--json",
    "--line-number",
    "--multiline",
    "--no-heading",
    "--no-ignore",
    "--no-messages",
    "--only-matching",
    "--smart-case",
    "--sort",
    "--stats",
    "--word-regexp",
  ],
  longValued: [
    "--after-context",
    "--before-context",
    "--context",
    "--glob",
    "--max-count",
    "--max-depth",
    "--regexp",
    "--type",
  ],
});

const FIND_FLAGS = new Set(
  (
    "-H -L -P ! ( ) , -a -and -o -or -not -true -false -empty -print -print0 -ls -prune -quit -xdev -mount -depth " +
    "-daystart -follow -readable -writable -executable -noleaf -nouser -nogroup -ignore_readdir_race"
  ).split(" "),
);
const FIND_VALUED = new Set(
  (
    "-name -iname -path -ipath -wholename -iwholename -lname -ilname -regex -iregex -regextype -type -xtype -maxdepth " +
    "-mindepth -size -mtime -mmin -atime -amin -ctime -cmin -newer -anewer -cnewer -perm -user -group -uid -gid -links " +
    "-inum -samefile -printf -used -fstype"
  ).split(" "),
);

/** Only tests and printing; whatever else begins with `-` (-exec, -delete, -fprint, …) is refused. */
const findRule: ArgumentRule = (args) => {
  for (let i = 0; i < args.length; i += 1) {
    const word = args[i];
    if (word === undefined || word.globAt === 0) return false;
    if (FIND_VALUED.has(word.text)) i += 1;
    else if (word.text.startsWith("-") && !FIND_FLAGS.has(word.text)) return false;
  }
  return args.every((word) => isLiteral(word) || !word.text.startsWith("-"));
};

/** Only `sed -n 'FROM,TOp' FILE…`: everything else of sed can write or run commands. */
const sedRule: ArgumentRule = ([option, script, ...files]) =>
  option?.text === "-n" &&
  script !== undefined &&
  isLiteral(script) &&
  /^(?:\d+|\$)(?:,(?:\d+|\$))?p$/.test(script.text) &&
  files.every((word) => !word.text.startsWith("-") && word.globAt !== 0);

const PRINTF_FORMAT = /^(?:[^%]|%[-+ #0]*\d*(?:\.\d+)?[sdiuxXofeEgGcbq%])*$/;
/** `-v NAME` and the conversion `%n` assign variables (PATH, say). */
const printfRule: ArgumentRule = ([format]) =>
  format === undefined || (isLiteral(format) && !format.text.startsWith("-") && PRINTF_FORMAT.test(format.text));

const TEST_WORDS = /^(?:-[bcdefghkLnpOGNrsStuwxz]|-eq|-ne|-lt|-le|-gt|-ge|-nt|-ot|-ef|!|=|==|!=|[^-].*|)$/s;
/** `-v` and `-R` evaluate their operand. */
const testRule: ArgumentRule = (args) => args.every((word) => isLiteral(word) && TEST_WORDS.test(word.text));

/** `command -v NAME` looks a program up; without `-v` it runs it. */
const commandRule: ArgumentRule = ([option, ...names]) =>
  option?.text === "-v" && names.every((word) => isLiteral(word) && !word.text.startsWith("-"));

const READS_ANYTHING = (
  "ls cat head tail wc cut tr du df stat pwd echo basename dirname realpath readlink nl tac rev comm cmp fold expand " +
  "paste join seq od strings true false which id whoami uname nproc arch md5sum sha1sum sha256sum sha512sum cksum " +
  "grep egrep fgrep column type cd"
).split(" ");

const RULES: ReadonlyMap<string, ArgumentRule> = new Map<string, ArgumentRule>([
  ...READS_ANYTHING.map((name) => [name, anyArguments] as const),
  ["sort", sortRule],
  ["uniq", uniqRule],
  ["date", dateRule],
  ["tree", treeRule],
  ["file", fileRule],
  ["diff", diffRule],
  ["rg", ripgrepRule],
  ["find", findRule],
  ["sed", sedRule],
  ["printf", printfRule],
  ["test", testRule],
  ["[", testRule],
  ["command", commandRule],
  ["git", isReadOnlyGit],
  ["uptime", noArguments],
  ["node", oneOf("--version", "-v")],
  ["python", oneOf("--version")],
  ["python3", oneOf("--version")],
  ["bash", oneOf("--version")],
  ["gcc", oneOf("--version")],
  ["make", oneOf("--version")],
]);

/** The rule for a program; undefined when it is not known to be able to only read. */
export function readOnlyRule(program: string): ArgumentRule | undefined {
  return RULES.get(program);
}
