import { describe, expect, it } from "vitest";
import { classifyDefinition, keywordPattern, loosePattern } from "./definition-patterns.ts";

const DEFINITIONS: [string, string][] = [
  ["a.ts", "export default async function thing(x: number) {"],
  ["a.ts", "export const thing = () => 1;"],
  ["a.ts", "  export interface thing<T> {"],
  ["a.ts", "declare module thing {"],
  ["a.ts", "  private readonly thing: string;"],
  ["a.ts", "  static thing = 3;"],
  ["a.ts", "  async thing(a: string): Promise<void> {"],
  ["a.ts", "  thing(a: string): Promise<void>;"],
  ["a.ts", "  get thing() {"],
  ["a.ts", "  #thing(a) {"],
  ["a.js", "  thing: function (a) {"],
  ["a.js", "exports.thing = thing2;"],
  ["a.js", "  this.thing = 1;"],
  ["a.py", "def thing(self):"],
  ["a.py", "    async def thing(self):"],
  ["a.py", "thing: int = 3"],
  ["a.go", "func (s *Server) thing(w io.Writer) error {"],
  ["a.go", "type thing struct {"],
  ["a.go", "\tthing := 3"],
  ["a.rs", "pub(crate) fn thing<T>(x: T) -> T {"],
  ["a.rs", "    let mut thing = 3;"],
  ["a.rs", "macro_rules! thing {"],
  ["a.java", "  public static List<String> thing(int a) throws X {"],
  ["a.c", "static int thing(int a)"],
  ["a.c", "#define thing 3"],
  ["a.c", "} thing;"],
  ["a.cpp", "void Server::thing(int a) const {"],
  ["a.cs", "  public async Task<int> thing(int a)"],
  ["a.rb", "  def self.thing(a)"],
  ["a.sh", "thing() {"],
  ["a.kt", "  suspend fun thing(a: Int): Int {"],
  ["a.php", "  public function thing($a)"],
  ["a.ex", "  defp thing(a) do"],
  ["Makefile", "thing: other"],
  ["a.css", ".thing {"],
  ["a.proto", "message thing {"],
];
const USES: [string, string][] = [
  ["a.ts", "import { thing } from './a.ts';"],
  ["a.ts", "import type thing from './a.ts';"],
  ["a.ts", "export type { thing } from './a.ts';"],
  ["a.ts", "  return thing(1);"],
  ["a.ts", "  await thing(1).then(() => {"],
  ["a.ts", "  if (thing(1)) {"],
  ["a.ts", "thing(1);"],
  ["a.ts", "  const x = thing(2);"],
  ["a.ts", "// function thing does it"],
  ["a.ts", " * function thing"],
  ["a.js", "const thing = require('thing');"],
  ["a.py", "from a import thing"],
  ["a.py", "x = thing(1)"],
  ["a.py", "thing == 3"],
  ["a.go", "\tthing(w)"],
  ["a.java", "    thing(a);"],
  ["a.c", "  return thing(a);"],
  ["README.md", "function thing() is great"],
  ["a.ts", "class thingOther {"],
];

describe("classifyDefinition", () => {
  it.each(DEFINITIONS)("takes a line of %s for a definition: %s", (path, line) => {
    expect(classifyDefinition(path, line, "thing")).toBeDefined();
  });

  it.each(USES)("takes a line of %s for a use: %s", (path, line) => {
    expect(classifyDefinition(path, line, "thing")).toBeUndefined();
  });

  it("is never stricter than the patterns that find its lines", () => {
    const patterns = [new RegExp(keywordPattern("thing")), new RegExp(loosePattern("thing"))];
    const missed = DEFINITIONS.filter(([, line]) => !patterns.some((pattern) => pattern.test(line)));
    // A selector of a style sheet is the one form that only the full search finds.
    expect(missed.map(([, line]) => line)).toEqual([".thing {"]);
  });
});
