import { encodeFrame } from "../../shared/frame.ts";

/** Returns a generator of reproducible random numbers, 0 ≤ n < 1. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Placeholder for the agent's instance, which is known after `hello`. */
export const INSTANCE = "00000000-0000-4000-8000-000000000000";

export const HELLO = '{"jsonrpc":"2.0","id":1,"method":"hello","params":{"protocol":{"min":3,"max":3}}}';
const SUBSCRIBE = '{"jsonrpc":"2.0","id":2,"method":"subscribe","params":{}}';
const RESUME = SUBSCRIBE.replace('"params":{', `"params":{"since":{"instance":"${INSTANCE}","generation":1}`);
const HEALTH = '{"jsonrpc":"2.0","id":3,"method":"health","params":{}}';

/** Valid requests for each position in a session. */
const VALID = [[HELLO], [SUBSCRIBE, RESUME], [HEALTH]] as const;

/** Values of an attacker who wants other requests to Docker or a crash. */
const HOSTILE = [
  "/containers/json",
  "../images/json",
  "/v1.41/containers/x/archive?path=/etc/shadow",
  "GET /_ping HTTP/1.1\r\n\r\n",
  "__proto__",
  "constructor",
  "docker.inspect",
  "snapshot.get",
  "subscribe",
  "hello\n",
  "\u0000",
  "\u202e",
  "x".repeat(3_000),
  "-1",
  "1e999",
  "null",
  "[]",
  '{"id":1}',
] as const;

type Random = () => number;
type Mutation = (text: string, random: Random) => string;

const mutations: readonly Mutation[] = [
  (text) => text,
  (text, random) => splice(text, random, 1, String.fromCodePoint(Math.floor(random() * 0x2ff))),
  (text, random) => splice(text, random, 0, pick(HOSTILE, random)),
  (text, random) => splice(text, random, Math.floor(random() * 20), ""),
  (text, random) => text.replace(/"method":"[a-z]+"/, `"method":${JSON.stringify(pick(HOSTILE, random))}`),
  (text, random) =>
    text.replace(/"id":[0-9]+/, `"id":${pick(["-1", "1.5", '"x"', "null", "{}", "9007199254740993"], random)}`),
  (text, random) =>
    text.replace("{", `{${JSON.stringify(pick(HOSTILE, random))}:${JSON.stringify(pick(HOSTILE, random))},`),
  (text, random) => text.replace(/"params":\{/, `"params":{${JSON.stringify(pick(HOSTILE, random))}:1,`),
  (text, random) => `[${Array.from({ length: 1 + Math.floor(random() * 9) }, () => text).join(",")}]`,
  (text, random) => "[".repeat(Math.floor(random() * 2_000)) + text,
  (text) => `${text}${text}`,
  // Duplicate keys: the last one counts.
  (text, random) => text.replace(/\}$/, `,"method":${JSON.stringify(pick(HOSTILE, random))}}`),
  (text, random) => text.replace(/\}$/, `,"params":{"since":{"instance":${JSON.stringify(pick(HOSTILE, random))}}}}`),
  (text, random) => text.replace(/"generation":1/, `"generation":${pick(["0", "-1", "1e308", "2", "9e15"], random)}`),
  (text) => text.replaceAll('"', "'"),
];

/** Returns one to three frames, most of them mutated. */
export function mutated(random: Random): Buffer {
  const frames = Array.from({ length: 1 + Math.floor(random() * 3) }, (_, index) => {
    let text: string = pick(random() < 0.4 ? VALID[Math.min(index, 2)]! : VALID.flat(), random);
    for (let rounds = Math.floor(random() * 3); rounds > 0; rounds--) text = pick(mutations, random)(text, random);
    return encodeFrame(text, 1 << 24);
  });
  const bytes = Buffer.concat(frames);
  if (random() < 0.2) bytes.writeUInt8(Math.floor(random() * 256), Math.floor(random() * bytes.length));
  // An off-by-a-few length misplaces the next frame.
  if (random() < 0.1) bytes.writeUInt32BE(Math.max(0, bytes.readUInt32BE(0) + Math.floor(random() * 9) - 4), 0);
  return random() < 0.1 ? bytes.subarray(0, Math.floor(random() * bytes.length)) : bytes;
}

function splice(text: string, random: Random, remove: number, add: string): string {
  const at = Math.floor(random() * text.length);
  return text.slice(0, at) + add + text.slice(at + remove);
}

function pick<T>(list: readonly T[], random: Random): T {
  return list[Math.floor(random() * list.length)]!;
}
