import * as net from "node:net";
import { encodeFrame, FrameReader, MAX_REQUEST_BYTES, MAX_RESPONSE_BYTES } from "../../shared/frame.ts";
import { AgentMessage, methods, PROTOCOL, type Result } from "../../shared/rpc.ts";
import { asciiJson, quoted } from "../../shared/log.ts";
import type { CommandResult } from "../command-result.ts";
import { parseConfig } from "../config.ts";
import { healthSocket } from "../listen.ts";
import { becomeUser } from "../privilege.ts";

/** Idle timeout in milliseconds for the responses of the agent. */
const SILENCE_MS = 3_000;

/** Requests the agent's health. Exits with 0 if Docker is connected and the audit trail is complete. */
export async function runHealth(args: readonly string[]): Promise<CommandResult> {
  const config = parseConfig(args);
  if ("problems" in config) return config;
  becomeUser(config.user);
  try {
    // Other users reach only the socket of the renderers.
    const health = await requestHealth(healthSocket(config.socket)).catch(() => requestHealth(config.socket));
    return { output: asciiJson(health), exitCode: health.docker === "connected" && health.audit === "ok" ? 0 : 1 };
  } catch (error) {
    const { code = "invalid response" } = error as NodeJS.ErrnoException;
    return { failure: `no valid response from ${quoted(config.socket)}: ${code}; start the agent`, exitCode: 1 };
  }
}

/** Requests the health as a renderer does. Rejects when there is no valid response. */
async function requestHealth(socketPath: string): Promise<Result<"health">> {
  const socket = net.connect(socketPath);
  socket.setTimeout(SILENCE_MS, () => socket.destroy(new Error("timeout")));
  const reader = new FrameReader(MAX_RESPONSE_BYTES);
  try {
    send(socket, 1, "hello", { protocol: { min: PROTOCOL, max: PROTOCOL } });
    for await (const chunk of socket) {
      for (const text of reader.push(chunk as Buffer)) {
        const message = AgentMessage.parse(JSON.parse(text));
        if (!("result" in message)) throw new Error("the agent refused");
        if (message.id === 1) send(socket, 2, "health", {});
        else return methods.health.result.parse(message.result);
      }
    }
    throw new Error("the agent closed the connection");
  } finally {
    socket.destroy();
  }
}

function send(socket: net.Socket, id: number, method: string, params: object): void {
  socket.write(encodeFrame(JSON.stringify({ jsonrpc: "2.0", id, method, params }), MAX_REQUEST_BYTES));
}
