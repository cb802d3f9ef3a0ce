// How a project's tests are run, told by the files at its top.
import { makeTargets, parseObject, scriptsOf } from "./manifests.ts";

/** One way to run the tests. */
export interface TestCommand {
  readonly command: string;
  readonly why: string;
}

/** Files whose content decides. */
export const TEST_FILES = [
  "package.json",
  "pyproject.toml",
  "setup.cfg",
  "tox.ini",
  "Makefile",
  "composer.json",
  "deno.json",
] as const;

/**
 * The ways to run the tests of a project, the best first.
 *
 * @param entries two levels of the project's folder
 * @param files the text of those of `TEST_FILES` that are there
 */
export function detectTestCommands(entries: readonly string[], files: ReadonlyMap<string, string>): TestCommand[] {
  const has = (name: string): boolean => entries.includes(name);
  return [
    ...nodeTests(has, files.get("package.json")),
    ...pythonTests(entries, files),
    ...fixed(has("go.mod"), "go test ./...", "go.mod is there"),
    ...fixed(has("Cargo.toml"), "cargo test", "Cargo.toml is there"),
    ...fixed(has("pom.xml"), has("mvnw") ? "./mvnw -q test" : "mvn -q test", "pom.xml is there"),
    ...fixed(
      has("build.gradle") || has("build.gradle.kts"),
      has("gradlew") ? "./gradlew test" : "gradle test",
      "a Gradle build is there",
    ),
    ...fixed(has("mix.exs"), "mix test", "mix.exs is there"),
    ...fixed(has("Gemfile") && has("spec/"), "bundle exec rspec", "there is a Gemfile and a spec folder"),
    ...fixed(has("Rakefile"), "rake test", "there is a Rakefile"),
    ...fixed(has("phpunit.xml") || has("phpunit.xml.dist"), "vendor/bin/phpunit", "phpunit.xml is there"),
    ...fixed(has("deno.json"), "deno test", "deno.json is there"),
    ...fixed(
      entries.some((entry) => /^[^/]+\.(?:sln|csproj)$/.test(entry)),
      "dotnet test",
      "a .NET project is there",
    ),
    ...fixed(makeTargets(files.get("Makefile") ?? "").includes("test"), "make test", "the Makefile has a test target"),
    ...fixed(
      makeTargets(files.get("Makefile") ?? "").includes("check"),
      "make check",
      "the Makefile has a check target",
    ),
  ];
}

function fixed(isThere: boolean, command: string, why: string): TestCommand[] {
  return isThere ? [{ command, why }] : [];
}

const PLACEHOLDER = /no test specified/;

function nodeTests(has: (name: string) => boolean, text: string | undefined): TestCommand[] {
  const script = scriptsOf(parseObject(text ?? "") ?? {})["test"];
  if (script === undefined || PLACEHOLDER.test(script)) return [];
  const runner = has("pnpm-lock.yaml")
    ? "pnpm"
    : has("yarn.lock")
      ? "yarn"
      : has("bun.lockb") || has("bun.lock")
        ? "bun run"
        : "npm";
  return [{ command: `${runner} test`, why: `the "test" script of package.json is \`${script}\`` }];
}

function pythonTests(entries: readonly string[], files: ReadonlyMap<string, string>): TestCommand[] {
  const configured =
    /\[tool\.pytest|pytest/.test(files.get("pyproject.toml") ?? "") ||
    /\[tool:pytest\]/.test(files.get("setup.cfg") ?? "");
  const hasTests = entries.some((entry) => /(?:^|\/)(?:test_[^/]*|[^/]*_test)\.py$/.test(entry));
  if (configured || entries.includes("pytest.ini") || entries.includes("conftest.py")) {
    return [{ command: "python3 -m pytest -q", why: "pytest is configured" }];
  }
  if (!hasTests) return [];
  const why = "there are Python test files";
  return [
    { command: "python3 -m pytest -q", why },
    { command: "python3 -m unittest discover", why: `${why}, and pytest is not installed` },
  ];
}
