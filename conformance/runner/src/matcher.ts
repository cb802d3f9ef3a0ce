/**
 * Compares what was seen with what a scenario wants.
 *
 * Objects: every field of the matcher must match; further fields are welcome. Arrays: as many elements, each matching.
 * Everything else: equal. An object with one key that begins with `$` is an operator:
 *
 * | operator | matches |
 * | --- | --- |
 * | `{$match: re}` | a string in which the regular expression finds something |
 * | `{$type: t}` | a value of this type (string, number, integer, boolean, object, array, null) |
 * | `{$absent: true}` | a field that is not there |
 * | `{$exact: v}` | deeply equal, without further fields |
 * | `{$not: m}` | what `m` does not match |
 * | `{$anyOf: [m…]}`, `{$allOf: [m…]}` | what one, or each, of them matches |
 * | `{$contains: m}` | an array with an element that `m` matches |
 * | `{$unordered: [m…]}` | an array of as many elements that match in some order |
 * | `{$size: n}` | an array or string of this length |
 * | `{$atLeast: n}`, `{$atMost: n}` | numbers |
 * | `{$keys: [k…]}` | an object with exactly these keys |
 */
import { KitError } from "./kit-error.ts";

/** Undefined when it matches; else where and how it does not. */
export function mismatchOf(seen: unknown, wanted: unknown, where = "$"): string | undefined {
  const operator = operatorOf(wanted);
  if (operator !== undefined) return applyOperator(seen, operator, where);
  if (Array.isArray(wanted)) return arrayMismatch(seen, wanted, where);
  if (typeof wanted !== "object" || wanted === null) {
    return Object.is(seen, wanted) ? undefined : `${where}: ${show(seen)} is not ${show(wanted)}`;
  }
  if (typeof seen !== "object" || seen === null || Array.isArray(seen)) {
    return `${where}: ${show(seen)} is not an object like ${show(wanted)}`;
  }
  for (const [key, value] of Object.entries(wanted)) {
    const problem = mismatchOf((seen as Record<string, unknown>)[key], value, `${where}.${key}`);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

export function matches(seen: unknown, wanted: unknown): boolean {
  return mismatchOf(seen, wanted) === undefined;
}

const MAX_SHOWN = 400;

/** A value in one line, cut where it is long. */
export function show(value: unknown): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}… (${text.length} characters)` : text;
}

interface Operator {
  readonly name: string;
  readonly value: unknown;
}

function operatorOf(wanted: unknown): Operator | undefined {
  if (typeof wanted !== "object" || wanted === null || Array.isArray(wanted)) return undefined;
  const keys = Object.keys(wanted);
  const name = keys.find((key) => key.startsWith("$"));
  if (name === undefined) return undefined;
  if (keys.length > 1) throw new KitError(`An operator stands alone, but ${name} has neighbours: ${keys.join(", ")}`);
  return { name, value: (wanted as Record<string, unknown>)[name] };
}

function arrayMismatch(seen: unknown, wanted: readonly unknown[], where: string): string | undefined {
  if (!Array.isArray(seen)) return `${where}: ${show(seen)} is not an array`;
  for (const [index, value] of wanted.entries()) {
    if (index >= seen.length)
      return `${where}: only ${seen.length} of ${wanted.length} elements; missing ${show(value)}`;
    const problem = mismatchOf(seen[index], value, `${where}[${index}]`);
    if (problem !== undefined) return problem;
  }
  return seen.length > wanted.length
    ? `${where}: ${seen.length} elements instead of ${wanted.length}: ${show(seen)}`
    : undefined;
}

type Check = (seen: unknown, value: unknown, where: string) => string | undefined;

const number = (seen: unknown): number => (typeof seen === "number" ? seen : Number.NaN);
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const unless = (holds: boolean, problem: () => string): string | undefined => (holds ? undefined : problem());

const OPERATORS: Readonly<Record<string, Check>> = {
  $match: (seen, value, where) =>
    unless(
      typeof seen === "string" && new RegExp(String(value), "s").test(seen),
      () => `${where}: ${show(seen)} does not match /${String(value)}/`,
    ),
  $type: (seen, value, where) =>
    unless(typeOf(seen).includes(String(value)), () => `${where}: ${show(seen)} is no ${String(value)}`),
  $absent: (seen, _value, where) => unless(seen === undefined, () => `${where}: is there (${show(seen)})`),
  $exact: (seen, value, where) =>
    unless(sorted(seen) === sorted(value), () => `${where}: ${show(seen)} is not exactly ${show(value)}`),
  $not: (seen, value, where) =>
    unless(!matches(seen, value), () => `${where}: ${show(seen)} looks like ${show(value)}`),
  $anyOf: (seen, value, where) =>
    unless(
      list(value).some((one) => matches(seen, one)),
      () => `${where}: ${show(seen)} is none of ${show(value)}`,
    ),
  $allOf: (seen, value, where) =>
    list(value)
      .map((one) => mismatchOf(seen, one, where))
      .find((problem) => problem !== undefined),
  $contains: (seen, value, where) =>
    unless(
      list(seen).some((one) => matches(one, value)),
      () => `${where}: nothing in ${show(seen)} looks like ${show(value)}`,
    ),
  $unordered: (seen, value, where) => unorderedMismatch(seen, list(value), where),
  $size: (seen, value, where) =>
    unless(
      (Array.isArray(seen) || typeof seen === "string") && seen.length === Number(value),
      () => `${where}: ${show(seen)} is not of size ${String(value)}`,
    ),
  $atLeast: (seen, value, where) =>
    unless(number(seen) >= Number(value), () => `${where}: ${show(seen)} is less than ${String(value)}`),
  $atMost: (seen, value, where) =>
    unless(number(seen) <= Number(value), () => `${where}: ${show(seen)} is more than ${String(value)}`),
  $keys: (seen, value, where) =>
    unless(
      sorted(Object.keys(Object(seen)).toSorted()) === sorted(list(value).map(String).toSorted()),
      () => `${where}: has the keys ${show(Object.keys(Object(seen)))}, not ${show(value)}`,
    ),
};

function applyOperator(seen: unknown, { name, value }: Operator, where: string): string | undefined {
  const check = OPERATORS[name];
  if (check === undefined) throw new KitError(`There is no operator ${name}.`);
  return check(seen, value, where);
}

function typeOf(value: unknown): string[] {
  if (value === null) return ["null"];
  if (Array.isArray(value)) return ["array"];
  return Number.isInteger(value) ? ["number", "integer"] : [typeof value];
}

function unorderedMismatch(seen: unknown, wanted: readonly unknown[], where: string): string | undefined {
  if (!Array.isArray(seen)) return `${where}: ${show(seen)} is not an array`;
  if (seen.length !== wanted.length)
    return `${where}: ${seen.length} elements instead of ${wanted.length}: ${show(seen)}`;
  const rest: unknown[] = [...seen];
  for (const value of wanted) {
    const index = rest.findIndex((one) => matches(one, value));
    if (index === -1) return `${where}: nothing looks like ${show(value)} in ${show(rest)}`;
    rest.splice(index, 1);
  }
  return undefined;
}

/** JSON with the keys of objects in order, so that equal values have equal texts. */
function sorted(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    typeof item === "object" && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}
