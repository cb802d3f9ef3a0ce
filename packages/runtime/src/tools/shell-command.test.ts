import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { analyzeShellCommand } from "./shell-command.ts";

function isReadOnly(line: string): boolean {
  const { commands, hasWriteFileRedirection } = analyzeShellCommand(line);
  return commands.length > 0 && !hasWriteFileRedirection && commands.every((command) => command.readOnly);
}

const READ_ONLY = [
  "ls",
  "ls -la src",
  "cat a.txt b.txt | head -n 20",
  "cat 'a file.txt' \"b file.txt\"",
  "cd packages/a && ls -l",
  "wc -l src/*.ts",
  "grep -rn 'foo' src | sort | uniq -c | sort -rn | head -5",
  "grep -E 'a|b;c&d' file",
  "find . -name '*.ts' -not -path './node_modules/*' -type f",
  "find . \\( -name a -o -name b \\) -printf '%s %p\\n'",
  "sort -k4,4 -n -r f",
  "sort -t: -k2 f",
  "uniq -c f",
  "date",
  "date -u +%Y-%m-%d",
  "git status --short",
  "git --no-pager log --oneline -n 5",
  "git log -5 --stat -- src/a.ts",
  "git log -M90% -U3 HEAD~1",
  "git diff HEAD~1 --stat",
  "git show HEAD:README.md",
  "git branch",
  "git branch -a",
  "git branch --list 'feature/*'",
  "git tag -l",
  "git remote -v",
  "git rev-parse --abbrev-ref HEAD",
  "git ls-files | wc -l",
  "git ls-tree -r -l HEAD | sort -k4 -n -r | head -n 10",
  "git blame -L 1,10 a.ts",
  "git stash list",
  "ls 2>/dev/null",
  "ls missing 2>&1 | cat",
  "ls > /dev/null",
  "cat < a.txt",
  "(cd a; ls)",
  "test -f a.txt && echo yes || echo no",
  "[ -d src ] && ls src",
  "sed -n '1,20p' a.txt",
  "printf '%s\\n' a",
  "command -v node",
  "node --version",
  "ls # a comment; rm -rf x",
  "ls \\\n  -la",
  "rg -n --glob '*.ts' foo",
  "echo a & echo b",
  "ls src/dev/x ./proc/y",
];

const NOT_READ_ONLY = [
  "",
  "rm x",
  "git log --output=x",
  "git log --outp=x",
  "git log -M --output=x",
  "git log -C --output=x",
  "git diff --ext-diff",
  "git diff --output x",
  "git -c core.pager=x log",
  "git -C sub log",
  "git --git-dir=x log",
  "git --exec-path=. log",
  "git --paginate log",
  "cd sub && git status",
  "git branch new",
  "git branch -D old",
  "git branch -v new",
  "git tag v1",
  "git tag -d v1",
  "git remote add x y",
  "git remote -v update",
  "git stash",
  "git stash list --output=x",
  "git config user.name x",
  "git grep -Ovi x",
  "git ls-remote --upload-pack=x .",
  "git fetch",
  "git",
  "git lo*",
  "find . -delete",
  "find . -exec rm {} ;",
  "find . -exec rm x \\;",
  "find . -ok rm x \\;",
  "find . -fprint x",
  "find . -fprintf x %p",
  "find . -fls x",
  "find *",
  "find . -name -delete -delete",
  "sort -o f",
  "sort -of f",
  "sort -no f g",
  "sort --output=f",
  "sort --outp f",
  "sort --compress-program=./x f",
  "sort -T /tmp f",
  "sort *",
  "sort ?x",
  "sort -[o] f",
  "uniq a b",
  "uniq a*",
  "ls > f",
  "ls >f",
  "ls >> f",
  "ls >| f",
  "ls 2> f",
  "ls &> f",
  "ls &>> f",
  "ls >& f",
  "ls 1<> f",
  "<&-rm ls",
  "ls <&-rm x",
  ">&-rm ls",
  "ls >&1-",
  "> f",
  "(ls) > f",
  "cat $(rm x)",
  "cat `rm x`",
  'cat "$(rm x)"',
  'cat "`rm x`"',
  "cat <(rm x)",
  "ls >(rm x)",
  "ls > >(rm x)",
  "cat <<EOF\nrm\nEOF",
  "cat <<< x",
  "echo a | tee f",
  "echo a | sh",
  "rg --pre cmd x",
  "rg --hostname-bin x y",
  "rg -z x",
  "grep x & rm y",
  "grep x && rm y",
  "grep x || rm y",
  "grep x ; rm y",
  "grep x\nrm y",
  "grep x |& rm y",
  "grep 'x' 'y'; 'rm' z",
  "date -s 2020-01-01",
  "date --set=2020-01-01",
  "date 010100002026",
  "date -d now 01010000",
  "tr a b > f",
  "LD_PRELOAD=x ls",
  "PATH=. ls",
  "A=b",
  "A+=b ls",
  "a[0]=1 ls",
  "\\rm x",
  "\\ls",
  "'ls'",
  '"ls" -l',
  "l's'",
  "/bin/ls",
  "./ls",
  "../ls",
  "~/ls",
  "ls $HOME",
  "sort $X",
  "ls ${HOME}",
  "ls $((1))",
  "ls $'a'",
  "sort {-o,f}",
  "ls {a,b}",
  "{ ls; }",
  "! ls",
  "if ls; then rm x; fi",
  "while true; do rm x; done",
  "for f in a; do rm x; done",
  "case a in a) rm x;; esac",
  "ls() { rm x; }; ls",
  "ls () { rm x; }",
  "function ls { rm x; }",
  "time rm x",
  "coproc rm x",
  "eval ls",
  "exec ls",
  "source x",
  ". x",
  "alias ls=rm; ls",
  "trap 'rm x' EXIT; ls",
  "export PATH=.; ls",
  "hash -p ./x ls; ls",
  "command rm x",
  "command -p rm x",
  "builtin eval x",
  "env ls",
  "xargs rm",
  "ls | xargs rm",
  "sudo ls",
  "nohup ls",
  "timeout 5 ls",
  "awk 'BEGIN{system(\"rm x\")}'",
  "sed -i s/a/b/ f",
  "sed -n 'w f' g",
  "sed -n '1e rm x' f",
  "sed -n 1,2p -i f",
  "sed -n 1p *",
  "sed s/a/b/ f",
  "printf -v PATH x; ls",
  "printf '%n' PATH; ls",
  "printf '%5n' PATH",
  "printf %*n 1 PATH",
  "test -v 'a[$(rm x)]'",
  "test -v a[x]",
  "[ -v a ]",
  "[[ -f a ]]",
  "((a=1))",
  "tree -o f",
  "file -C -m x",
  "diff -l a b",
  "diff --to-file x",
  "node -e 1",
  "node x.js",
  "python3 --version -c 1",
  "cargo --version",
  "yarn --version",
  "npm test",
  "cat /proc/1/environ",
  "cat ../../proc/1/environ",
  "cat /dev/tcp/127.0.0.1/80",
  "cat < /dev/tcp/127.0.0.1/80",
  "cat //proc/1/environ",
  "cat /./proc/1/environ",
  "grep -f/proc/1/environ x",
  "ls 'unclosed",
  'ls "unclosed',
  "ls \\",
  "ls >",
  "ls\u00a0-l",
  "ls\rrm",
  "ls\0",
  "ls a(b)",
  "echo !(a)",
  "less x",
  "vi x",
  "curl https://example.test",
  "hostname x",
  "ls;;rm x",
];

describe("analyzeShellCommand", () => {
  it.each(READ_ONLY)("takes %j for read-only", (line) => {
    expect(isReadOnly(line)).toBe(true);
  });

  it.each(NOT_READ_ONLY)("does not take %j for read-only", (line) => {
    expect(isReadOnly(line)).toBe(false);
  });

  it("names each program once, with git's subcommand, in the order of the line", () => {
    expect(analyzeShellCommand("git add . && git commit -m x; ls | ls; npm test").commands).toEqual([
      { identifier: "git add", readOnly: false },
      { identifier: "git commit", readOnly: false },
      { identifier: "ls", readOnly: true },
      { identifier: "npm", readOnly: false },
    ]);
  });

  it("names the programs of substitutions and compound commands too", () => {
    const names = analyzeShellCommand("cat $(rm x) `touch y`; if A=1 make z; then curl u; fi").commands;
    expect(names.map((command) => command.identifier)).toEqual(
      expect.arrayContaining(["cat", "rm", "touch", "make", "curl"]),
    );
  });

  it("finds paths, targets of redirections and addresses", () => {
    const line =
      "cat src/a.ts ../x ~/y --file=/etc/z -f../w README.md plain < in.txt > out.txt; curl -o f https://a.test/b";
    const found = analyzeShellCommand(line);
    expect(found.possiblePaths).toEqual([
      "src/a.ts",
      "../x",
      "~/y",
      "/etc/z",
      "../w",
      "README.md",
      "in.txt",
      "out.txt",
    ]);
    expect(found.possibleNames).toEqual(expect.arrayContaining(["plain", "f"]));
    expect(found.possibleUrls).toEqual([{ url: "https://a.test/b" }]);
    expect(found.hasWriteFileRedirection).toBe(true);
  });

  it("says that a redirection inside a substitution writes", () => {
    expect(analyzeShellCommand("echo $(ls > f)").hasWriteFileRedirection).toBe(true);
    expect(analyzeShellCommand("cat <<EOF\nx\nEOF").hasWriteFileRedirection).toBe(false);
  });

  it("never takes a line for read-only that a writing command was put into, wherever it stands", () => {
    const harmless = fc.constantFrom(...READ_ONLY.filter((line) => !line.includes("#")));
    const glue = fc.constantFrom("; ", " | ", " && ", " || ", "\n", " & ", ";", "|");
    const harmful = fc.constantFrom(
      "rm x",
      "touch y",
      "find . -delete",
      "sort -o f g",
      "git push",
      "echo a > f",
      "echo $(rm x)",
    );
    fc.assert(
      fc.property(
        fc.array(harmless, { minLength: 1, maxLength: 4 }),
        harmful,
        glue,
        fc.nat(4),
        (lines, bad, between, at) => {
          const parts = [...lines.slice(0, at), bad, ...lines.slice(at)];
          expect(isReadOnly(parts.join(between))).toBe(false);
        },
      ),
    );
  });

  it("survives any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...Array.from("ab -'\"\\$`(){}<>|&;\n#*=/1")) }), (line) => {
        expect(analyzeShellCommand(line).commands).toBeInstanceOf(Array);
      }),
      { numRuns: 500 },
    );
  });
});
