import * as net from "node:net";
import { encodeFrame, FrameReader, MAX_REQUEST_BYTES, MAX_RESPONSE_BYTES } from "../../shared/frame.ts";
import { AgentMessage, methods, PROTOCOL, type Result } from "../../shared/rpc.ts";
import { asciiJson } from "../../shared/log.ts";
import type { Answer } from "../answer.ts";
import { parseConfig } from "../config.ts";
import { becomeUser } from "../privilege.ts";

/** Milliseconds for connection and both answers. */
const DEADLINE_MS = 3_000;

/** Exit code 0 when the agent answers, Docker is connected and no record is lost. */
export async function runHealth(args: readonly string[]): Promise<Answer> {
  const config = parseConfig(args);
  if ("problems" in config) return config;
  becomeUser(config.user);
  try {
    const health = await askHealth(config.socket);
    return { text: asciiJson(health), exitCode: health.docker === "connected" && health.audit === "ok" ? 0 : 1 };
  } catch (error) {
    const { code = "the agent does not answer as one" } = error as NodeJS.ErrnoException;
    return { failure: `no answer at ${config.socket}: ${code}`, exitCode: 1 };
  }
}

/** The health of the agent at this socket, asked as any renderer would. Rejects when there is no answer. */
async function askHealth(socketPath: string): Promise<Result<"health">> {
  const socket = net.connect(socketPath);
  socket.setTimeout(DEADLINE_MS, () => socket.destroy(new Error("no answer in time")));
  const reader = new FrameReader(MAX_RESPONSE_BYTES);
  try {
    ask(socket, 1, "hello", { protocol: { min: PROTOCOL, max: PROTOCOL } });
    for await (const chunk of socket) {
      for (const text of reader.push(chunk as Buffer)) {
        const message = AgentMessage.parse(JSON.parse(text));
        if (!("result" in message)) throw new Error("the agent refused");
        if (message.id === 1) ask(socket, 2, "health", {});
        else return methods.health.result.parse(message.result);
      }
    }
    throw new Error("the agent closed the connection");
  } finally {
    socket.destroy();
  }
}

function ask(socket: net.Socket, id: number, method: string, params: object): void {
  socket.write(encodeFrame(JSON.stringify({ jsonrpc: "2.0", id, method, params }), MAX_REQUEST_BYTES));
}
