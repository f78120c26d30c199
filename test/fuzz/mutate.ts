import { encodeFrame } from "../../shared/frame.ts";

/** A source of numbers from 0 (included) to 1, the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Stands for the agent's instance, which it tells in its answer to `hello`. */
export const INSTANCE = "00000000-0000-4000-8000-000000000000";

export const HELLO = '{"jsonrpc":"2.0","id":1,"method":"hello","params":{"protocol":{"min":1,"max":1}}}';
const SUBSCRIBE = '{"jsonrpc":"2.0","id":2,"method":"subscribe","params":{}}';
const RESUME = SUBSCRIBE.replace('"params":{', `"params":{"since":{"instance":"${INSTANCE}","generation":1}`);
const HEALTH = '{"jsonrpc":"2.0","id":3,"method":"health","params":{}}';

/** Requests as they should be: for each place in their order those that may stand there. */
const VALID = [[HELLO], [SUBSCRIBE, RESUME], [HEALTH]] as const;

/** What somebody would try who wants Docker to be asked for more, or the agent to fall over. */
const WORDS = [
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
  (text, random) => splice(text, random, 0, pick(WORDS, random)),
  (text, random) => splice(text, random, Math.floor(random() * 20), ""),
  (text, random) => text.replace(/"method":"[a-z]+"/, `"method":${JSON.stringify(pick(WORDS, random))}`),
  (text, random) =>
    text.replace(/"id":[0-9]+/, `"id":${pick(["-1", "1.5", '"x"', "null", "{}", "9007199254740993"], random)}`),
  (text, random) =>
    text.replace("{", `{${JSON.stringify(pick(WORDS, random))}:${JSON.stringify(pick(WORDS, random))},`),
  (text, random) => text.replace(/"params":\{/, `"params":{${JSON.stringify(pick(WORDS, random))}:1,`),
  (text, random) => `[${Array.from({ length: 1 + Math.floor(random() * 9) }, () => text).join(",")}]`,
  (text, random) => "[".repeat(Math.floor(random() * 2_000)) + text,
  (text) => `${text}${text}`,
  // The same member twice: the last one counts, here as for every reader of JSON.
  (text, random) => text.replace(/\}$/, `,"method":${JSON.stringify(pick(WORDS, random))}}`),
  (text, random) => text.replace(/\}$/, `,"params":{"since":{"instance":${JSON.stringify(pick(WORDS, random))}}}}`),
  (text, random) => text.replace(/"generation":1/, `"generation":${pick(["0", "-1", "1e308", "2", "9e15"], random)}`),
  (text) => text.replaceAll('"', "'"),
];

/** Bytes for a connection: one or a few frames, some as they should be, most of them not. */
export function mutated(random: Random): Buffer {
  const frames = Array.from({ length: 1 + Math.floor(random() * 3) }, (_, index) => {
    let text: string = pick(random() < 0.4 ? VALID[Math.min(index, 2)]! : VALID.flat(), random);
    for (let rounds = Math.floor(random() * 3); rounds > 0; rounds--) text = pick(mutations, random)(text, random);
    return encodeFrame(text, 1 << 24);
  });
  const bytes = Buffer.concat(frames);
  if (random() < 0.2) bytes.writeUInt8(Math.floor(random() * 256), Math.floor(random() * bytes.length));
  // A length that is wrong by a little: the next frame begins where none does.
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
