// Variables in scenarios: "$name" is the value itself, "${name}" its text inside of a longer one, "${name+1}" a sum.
import { KitError } from "./kit-error.ts";

export type Variables = Map<string, unknown>;

const WHOLE = /^\$([A-Za-z_]\w*)$/;
const INSIDE = /\$\{([A-Za-z_]\w*|\d+)(?:([+-])([A-Za-z_]\w*|\d+))?\}/g;
/** Beginnings of matcher operators, which look like variables. */
const OPERATOR = /^\$[a-z][A-Za-z]*$/;

/** The value with all variables filled in. Keys of objects are filled in too. */
export function fillIn(value: unknown, variables: Variables): unknown {
  if (typeof value === "string") return fillInText(value, variables);
  if (Array.isArray(value)) return value.map((item) => fillIn(item, variables));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      OPERATOR.test(key) ? key : String(fillInText(key, variables)),
      fillIn(item, variables),
    ]),
  );
}

function fillInText(text: string, variables: Variables): unknown {
  const whole = WHOLE.exec(text)?.[1];
  if (whole !== undefined) return lookUp(whole, variables);
  return text.replace(INSIDE, (_all, left: string, sign: string | undefined, right: string | undefined) => {
    const found = valueOf(left, variables);
    if (sign === undefined || right === undefined) return String(found);
    return String(Number(found) + (sign === "+" ? 1 : -1) * Number(valueOf(right, variables)));
  });
}

/** A number in digits, or what a variable holds. */
function valueOf(term: string, variables: Variables): unknown {
  return /^\d+$/.test(term) ? Number(term) : lookUp(term, variables);
}

function lookUp(name: string, variables: Variables): unknown {
  if (!variables.has(name)) throw new KitError(`The scenario uses $${name}, which nothing has set.`);
  return variables.get(name);
}

/** What stands at a dotted path; undefined when there is nothing. */
export function valueAt(value: unknown, path: string): unknown {
  let current = value;
  for (const part of path === "" ? [] : path.split(".")) {
    if (typeof current !== "object" || current === null) return undefined;
    current = (current as Record<string, unknown>)[part];
  }
  return current;
}
