import { MAX_ERROR } from "./progress.ts";

/** Why an order failed. */
export interface Failure {
  /** One line of the authority's message. */
  readonly reason: string;
  /** `Retry-After` of the authority, in milliseconds. */
  readonly retryAfterMs?: number;
  /** `account`: the authority does not accept the account. `unknown account`: the account does not exist there any more. */
  readonly cause?: "account" | "unknown account" | "connection";
}

const ERROR_TYPE = "urn:ietf:params:acme:error:";

/** Milliseconds to wait after a rate limit without a time. */
const RATE_LIMITED_MS = 60 * 60 * 1_000;

/** Extracts what the authority answered from the output of dehydrated (pure). `now` is in milliseconds since the epoch. */
export function failureOf(output: string, now: number): Failure {
  const connection = /Problem connecting to server \(\w+ for ([^;\s]+); curl returned with ([0-9]+)\)/.exec(output);
  if (connection) {
    const [, url = "", code = ""] = connection;
    return { reason: oneLine(`cannot reach ${url}: ${CURL[code] ?? `curl's error ${code}`}`), cause: "connection" };
  }
  if (output.includes("requires an external account")) {
    return { reason: "the authority requires an external account; set ACME_EAB_KID and ACME_EAB_HMAC_KEY" };
  }
  const problem = problemOf(output);
  if (problem === undefined) return { reason: oneLine(lastError(output)) };
  const { type, detail } = problem;
  const reason = oneLine(`${type}: ${detail}`);
  if (type === "rateLimited") return { reason, retryAfterMs: retryAfter(output, now) ?? RATE_LIMITED_MS };
  const isRequest = /An error occurred while sending \w+-request/.test(output);
  const cause =
    type === "accountDoesNotExist" ? "unknown account" : isRequest && type === "unauthorized" ? "account" : undefined;
  const retryAfterMs = retryAfter(output, now);
  return { reason, ...(cause && { cause }), ...(retryAfterMs !== undefined && { retryAfterMs }) };
}

/** Exit codes of curl. */
const CURL: Readonly<Record<string, string>> = {
  "5": "the proxy's name has no address",
  "6": "its name has no address",
  "7": "the connection was refused",
  "28": "no response in time",
  "35": "the TLS handshake failed",
  "56": "the connection was closed",
  "60": "its certificate is not trusted",
};

/** The problem document (RFC 7807): as JSON in a response, or flattened by dehydrated in a challenge. */
function problemOf(output: string): { readonly type: string; readonly detail: string } | undefined {
  const type = output.match(/urn:ietf:params:acme:error:([A-Za-z]{1,64})/)?.[1];
  if (type === undefined) return undefined;
  const flattened = /"detail"\]\s+("(?:[^"\\]|\\.)*")/.exec(output)?.[1];
  const json = /"detail"\s*:\s*("(?:[^"\\]|\\.)*")/.exec(output)?.[1];
  return { type, detail: unquoted(flattened ?? json) ?? ERROR_TYPE + type };
}

function unquoted(text: string | undefined): string | undefined {
  try {
    return text === undefined ? undefined : String(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Returns the milliseconds of the header Retry-After: seconds or a date. */
function retryAfter(output: string, now: number): number | undefined {
  const value = /^retry-after:[ \t]*([^\r\n]+)/im.exec(output)?.[1]?.trim();
  if (value === undefined) return undefined;
  const ms = /^[0-9]{1,9}$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - now;
  return Number.isFinite(ms) && ms > 0 ? ms : undefined;
}

function lastError(output: string): string {
  const lines = output.split("\n").map((line) => line.trim());
  const errors = lines.filter((line) => /error|fail|invalid|no space|denied/i.test(line));
  return errors.at(-1) ?? lines.findLast((line) => line !== "") ?? "dehydrated printed no message";
}

function oneLine(text: string): string {
  const line = text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, " ").trim();
  return line.length > MAX_ERROR ? `${line.slice(0, MAX_ERROR - 3)}...` : line;
}
