/** From what went wrong to what a client of the control API reads: a status and `{error: {code, message, remedy}}`. Pure. */
import { Fault, type FaultCode, messageOf } from "../fault.ts";

export interface ErrorBody {
  readonly error: {
    readonly code: FaultCode;
    readonly message: string;
    readonly remedy?: string;
    readonly details?: Readonly<Record<string, unknown>>;
  };
}

const STATUS = {
  config: 400,
  usage: 400,
  schema: 400,
  "too-large": 413,
  denied: 403,
  "unknown-task": 404,
  "unknown-blob": 404,
  "already-decided": 409,
  "used-up": 409,
  handler: 502,
  network: 503,
  "no-node": 503,
  "not-stored": 503,
  "too-few-peers": 503,
  overloaded: 503,
  draining: 503,
  "store-io": 503,
  "store-locked": 503,
  "store-damaged": 500,
  timeout: 504,
  internal: 500,
} as const satisfies Record<FaultCode, number>;

export type ErrorStatus = (typeof STATUS)[FaultCode];

export function isFaultCode(text: string): text is FaultCode {
  return Object.hasOwn(STATUS, text);
}

export function statusOf(error: unknown): ErrorStatus {
  return error instanceof Fault ? STATUS[error.code] : 500;
}

export function bodyOf(error: unknown): ErrorBody {
  if (!(error instanceof Fault)) {
    return {
      error: {
        code: "internal",
        message: messageOf(error),
        remedy: "this is a bug: please report it with what the node printed",
      },
    };
  }
  const { code, message, remedy, details } = error;
  return {
    error: {
      code,
      message,
      ...(remedy === undefined ? {} : { remedy }),
      ...(details === undefined ? {} : { details }),
    },
  };
}
