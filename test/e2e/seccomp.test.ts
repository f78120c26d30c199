import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { docker } from "../docker.ts";
import { requires } from "../requires.ts";
import { BOX, makeBox } from "./box.ts";

const EPERM = 1;
const ENOSYS = 38;
const SIGCHLD = 17;

/** Flags of new namespaces: mount, cgroup, UTS, IPC, user, PID, network. */
const NAMESPACES = [0x2_0000, 0x200_0000, 0x400_0000, 0x800_0000, 0x1000_0000, 0x2000_0000, 0x4000_0000];
const CALLS = { clone: 56, unshare: 272, setns: 308, clone3: 435 };

/** Returns a program for x86-64 that makes one system call and exits with its error number. */
function program(call: number, argument: number): Buffer {
  const word = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32LE(value | 0);
    return bytes;
  };
  const code = Buffer.concat([
    Buffer.from([0xb8]), // mov eax, call
    word(call),
    Buffer.from([0xbf]), // mov edi, argument
    word(argument),
    Buffer.from([0x31, 0xf6, 0x31, 0xd2, 0x45, 0x31, 0xd2, 0x45, 0x31, 0xc0, 0x0f, 0x05]), // others are 0; syscall
    Buffer.from([0xf7, 0xd8, 0x89, 0xc7, 0xb8, 60, 0, 0, 0, 0x0f, 0x05]), // exit(-result)
  ]);
  const [headers, address] = [64 + 56, 0x40_0000];
  const file = Buffer.alloc(headers + code.length);
  file.write("\x7fELF\x02\x01\x01", "latin1");
  file.writeUInt16LE(2, 16); // executable
  file.writeUInt16LE(62, 18); // x86-64
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(BigInt(address + headers), 24); // entry
  file.writeBigUInt64LE(64n, 32); // program header
  file.writeUInt16LE(64, 52);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(1, 56);
  file.writeUInt32LE(1, 64); // load
  file.writeUInt32LE(5, 68); // readable, executable
  file.writeBigUInt64LE(BigInt(address), 80);
  file.writeBigUInt64LE(BigInt(address), 88);
  file.writeBigUInt64LE(BigInt(file.length), 96);
  file.writeBigUInt64LE(BigInt(file.length), 104);
  file.writeBigUInt64LE(0x1000n, 112);
  code.copy(file, headers);
  return file;
}

const NODE = "node:26-trixie-slim";
const skip = process.arch === "x64" ? requires("docker") : "the programs are for x86-64";

describe("the seccomp profile of agent and renderer", { skip }, () => {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-seccomp-"));
  before(async () => await makeBox());
  after(() => rmSync(directory, { recursive: true }));

  /** Runs the system call in a container with capabilities, so that only the profile can refuse it. */
  async function errorOf(call: number, argument: number, profile: string): Promise<number> {
    const file = join(directory, `call-${call}-${argument}`);
    writeFileSync(file, program(call, argument), { mode: 0o755 });
    const options = ["--cap-add", "SYS_ADMIN", "--security-opt", `seccomp=${profile}`, "--volume", `${file}:/call:ro`];
    return await docker("run", "--rm", ...options, BOX, "/call").then(
      () => 0,
      (error: { code: number }) => error.code,
    );
  }

  for (const flag of NAMESPACES) {
    test(`refuses clone and unshare with flag 0x${flag.toString(16)}`, async () => {
      assert.equal(await errorOf(CALLS.clone, flag | SIGCHLD, "agent/seccomp.json"), EPERM);
      assert.equal(await errorOf(CALLS.unshare, flag, "agent/seccomp.json"), EPERM);
    });
  }

  test("refuses to enter namespaces, and reports clone3 as missing", async () => {
    assert.equal(await errorOf(CALLS.setns, 0, "agent/seccomp.json"), EPERM);
    assert.equal(await errorOf(CALLS.clone3, 0, "agent/seccomp.json"), ENOSYS);
  });

  test("without the profile the same calls are permitted", async () => {
    assert.equal(await errorOf(CALLS.unshare, NAMESPACES[0]!, "unconfined"), 0);
  });

  test("permits the threads of Node", { skip: requires(`image:${NODE}`) }, async () => {
    const script = `const { Worker } = require("node:worker_threads");
      new Worker("require('node:fs').readdirSync('/')", { eval: true }).on("exit", (code) => console.log("ended", code));`;
    const profile = ["--security-opt", "seccomp=agent/seccomp.json"];
    assert.equal(await docker("run", "--rm", ...profile, NODE, "node", "-e", script), "ended 0");
  });
});
