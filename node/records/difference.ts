/** Where two JSON values differ first, as a path and the two values there. Pure; never throws. */

export interface Difference {
  /** `.words[2].text`; empty when the values differ as wholes. */
  readonly path: string;
  /** Undefined: there is nothing at this place. */
  readonly recorded: unknown;
  readonly now: unknown;
}

/** Undefined when they are equal. The order of an object's keys makes no difference. */
export function difference(recorded: unknown, now: unknown, path = ""): Difference | undefined {
  if (recorded === now) return undefined;
  if (Array.isArray(recorded) && Array.isArray(now)) {
    for (let index = 0; index < Math.max(recorded.length, now.length); index++) {
      const found = difference(recorded[index], now[index], `${path}[${index}]`);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (isObject(recorded) && isObject(now)) {
    for (const key of new Set([...Object.keys(recorded), ...Object.keys(now)])) {
      const found = difference(recorded[key], now[key], `${path}${step(key)}`);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  return { path, recorded, now };
}

function step(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
