import { Duplex } from "node:stream";
import type { Socket } from "node:net";
import { JSONRPCServer } from "json-rpc-2.0";
import { Connection } from "../../agent/connection.ts";
import { type Method, methods } from "../../shared/rpc.ts";

/** Result of one stream: methods called, and the reason code if the agent closed the connection. */
export interface Outcome {
  readonly called: readonly string[];
  readonly ended: string | undefined;
}

/** Sends bytes to a Connection over an in-memory stream, which avoids the agent's connection rate limit. */
export async function sendToConnection(bytes: Buffer): Promise<Outcome> {
  const called: string[] = [];
  const reasons: string[] = [];
  const audit = { append: (_event: string, _decision: string, reason: string) => reasons.push(reason) > 0 };
  const rpc = new JSONRPCServer<Connection>();
  for (const method of Object.keys(methods) as Method[]) rpc.addMethod(method, () => (called.push(method), {}));
  const socket = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
  const connection = new Connection(1, socket as Socket, rpc, audit);
  socket.push(bytes);
  await new Promise((resolve) => setImmediate(resolve));
  const ended = reasons.find((reason) => reason !== "ok");
  connection.drop("ok");
  if (!socket.closed) await new Promise((resolve) => socket.once("close", resolve));
  return { called, ended };
}
