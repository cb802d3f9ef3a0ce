// Git commands that only read. Options before the command (`-c`, `-C`, `--git-dir`, `--exec-path`) can make git run
// anything, so none is allowed but those that switch the pager and locks off. Only options named here are allowed, and
// only in full: git also takes unambiguous beginnings of them, `--outp=x` among others.
import { isLiteral, noArguments, onlyOptions, operandsOf, type ArgumentRule } from "./option-rules.ts";
import type { ShellWord } from "./shell-parser.ts";

const FORMAT = [
  "--abbrev",
  "--abbrev-commit",
  "--color",
  "--date",
  "--decorate",
  "--format",
  "--no-color",
  "--oneline",
  "--pretty",
];
const DIFF = [
  "--cached",
  "--check",
  "--compact-summary",
  "--diff-filter",
  "--dirstat",
  "--exit-code",
  "--find-copies",
  "--find-renames",
  "--function-context",
  "--histogram",
  "--ignore-all-space",
  "--ignore-blank-lines",
  "--ignore-space-change",
  "--inter-hunk-context",
  "--merge-base",
  "--minimal",
  "--name-only",
  "--name-status",
  "--no-ext-diff",
  "--no-patch",
  "--no-prefix",
  "--no-renames",
  "--no-textconv",
  "--numstat",
  "--patch",
  "--patience",
  "--pickaxe-regex",
  "--quiet",
  "--raw",
  "--relative",
  "--shortstat",
  "--staged",
  "--stat",
  "--summary",
  "--unified",
  "--word-diff",
];
const WALK = [
  "--after",
  "--all",
  "--all-match",
  "--ancestry-path",
  "--author",
  "--before",
  "--branches",
  "--cherry-pick",
  "--committer",
  "--count",
  "--date-order",
  "--diff-merges",
  "--exclude",
  "--first-parent",
  "--follow",
  "--full-history",
  "--graph",
  "--grep",
  "--invert-grep",
  "--left-right",
  "--max-count",
  "--merges",
  "--no-merges",
  "--objects",
  "--parents",
  "--regexp-ignore-case",
  "--remotes",
  "--reverse",
  "--root",
  "--simplify-by-decoration",
  "--since",
  "--skip",
  "--tags",
  "--topo-order",
  "--until",
];

const logRule = onlyOptions({
  flags: "abcimpqrstuwzEFPRW",
  valued: "nSGL",
  other: /^-(?:\d+|U\d+|[BCM](?:\d+%?)?)$/, // -B, -C and -M take their value attached or not at all
  long: [...FORMAT, ...DIFF, ...WALK],
  longValued: ["--max-count", "--skip"],
});

const REFS = [
  "--all",
  "--contains",
  "--format",
  "--list",
  "--merged",
  "--no-merged",
  "--points-at",
  "--remotes",
  "--show-current",
  "--sort",
];

/** `git branch NAME` makes a branch and `git tag NAME` a tag, unless an option turns them into a list. */
function listing(flags: string, valued: string, listOptions: readonly string[]): ArgumentRule {
  return (args) => {
    const operands = operandsOf(args, {
      flags,
      valued,
      long: [...REFS, "--no-color", "--color", "--verbose", "--ignore-case"],
    });
    if (operands === undefined || args.some((word) => !isLiteral(word) && word.text.startsWith("-"))) return false;
    return operands.length === 0 || args.some((word) => listOptions.includes(word.text.split("=", 1)[0] ?? ""));
  };
}

const SUBCOMMANDS: ReadonlyMap<string, ArgumentRule> = new Map<string, ArgumentRule>([
  ["log", logRule],
  ["show", logRule],
  ["diff", logRule],
  ["whatchanged", logRule],
  ["diff-tree", logRule],
  ["rev-list", logRule],
  [
    "shortlog",
    onlyOptions({ flags: "censw", other: /^-\d+$/, long: [...FORMAT, ...WALK, "--summary", "--numbered", "--email"] }),
  ],
  [
    "status",
    onlyOptions({
      flags: "sbvuz",
      other: /^-u(?:no|normal|all)$/,
      long: [
        "--short",
        "--branch",
        "--porcelain",
        "--long",
        "--verbose",
        "--untracked-files",
        "--ignored",
        "--show-stash",
      ],
    }),
  ],
  ["branch", listing("arvi", "", ["--list", "-a", "-r", "--contains", "--merged", "--no-merged", "--points-at"])],
  ["tag", listing("lni", "", ["--list", "-l", "--contains", "--merged", "--no-merged", "--points-at"])],
  ["remote", remoteRule],
  ["stash", ([first, ...rest]) => first?.text === "list" && rest.every((word) => !word.text.startsWith("-"))],
  [
    "rev-parse",
    onlyOptions({
      long: [
        "--abbrev-ref",
        "--all",
        "--branches",
        "--git-common-dir",
        "--git-dir",
        "--is-bare-repository",
        "--is-inside-work-tree",
        "--is-shallow-repository",
        "--quiet",
        "--short",
        "--show-prefix",
        "--show-toplevel",
        "--symbolic-full-name",
        "--verify",
      ],
      flags: "q",
    }),
  ],
  [
    "ls-files",
    onlyOptions({
      flags: "cdmoistuvz",
      valued: "x",
      long: [
        "--cached",
        "--deleted",
        "--modified",
        "--others",
        "--ignored",
        "--stage",
        "--exclude-standard",
        "--full-name",
        "--deduplicate",
      ],
    }),
  ],
  [
    "ls-tree",
    onlyOptions({
      flags: "drltz",
      long: ["--long", "--name-only", "--name-status", "--full-name", "--full-tree", "--abbrev"],
    }),
  ],
  [
    "blame",
    onlyOptions({
      flags: "bceflnpstwMC",
      valued: "L",
      long: ["--porcelain", "--line-porcelain", "--show-email", "--show-name", "--date"],
    }),
  ],
  [
    "describe",
    onlyOptions({
      long: ["--all", "--tags", "--contains", "--abbrev", "--always", "--dirty", "--long", "--exact-match", "--match"],
    }),
  ],
  ["cat-file", onlyOptions({ flags: "tspe", maxOperands: 2 })],
  ["count-objects", onlyOptions({ flags: "vH", long: ["--verbose", "--human-readable"], maxOperands: 0 })],
  ["for-each-ref", onlyOptions({ long: ["--count", "--format", "--sort", "--points-at", "--contains", "--merged"] })],
  ["show-ref", onlyOptions({ flags: "dqs", long: ["--head", "--heads", "--tags", "--verify", "--hash", "--abbrev"] })],
  ["name-rev", onlyOptions({ long: ["--name-only", "--tags", "--always"] })],
  ["merge-base", onlyOptions({ flags: "a", long: ["--all", "--octopus", "--is-ancestor", "--independent"] })],
  ["version", noArguments],
  ["--version", noArguments],
]);

const HARMLESS_GLOBAL_OPTIONS = new Set(["--no-pager", "-P", "--no-optional-locks", "--literal-pathspecs"]);

/** Are these arguments of git a command that only reads? */
export function isReadOnlyGit(args: readonly ShellWord[]): boolean {
  const start = args.findIndex((word) => !HARMLESS_GLOBAL_OPTIONS.has(word.text));
  const command = args[start];
  if (command === undefined || !isLiteral(command)) return false;
  return SUBCOMMANDS.get(command.text)?.(args.slice(start + 1)) === true;
}

function remoteRule(args: readonly ShellWord[]): boolean {
  const [first, ...rest] = args;
  if (first === undefined || first.text === "-v" || first.text === "--verbose") return rest.length === 0;
  return first.text === "get-url" && rest.length === 1 && rest[0]?.text.startsWith("-") === false && isLiteral(rest[0]);
}
