// Talks to our peer program: one JSON request a line, one answer a line, in order.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

export class Peer {
  constructor(path) {
    this.process = spawn(path, { stdio: ["pipe", "pipe", "inherit"] });
    this.waiting = [];
    createInterface({ input: this.process.stdout }).on("line", (line) => this.waiting.shift()(JSON.parse(line)));
    this.process.on("exit", () => this.waiting.splice(0).forEach((answer) => answer({ error: "the peer ended" })));
  }

  ask(op, request) {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      this.process.stdin.write(JSON.stringify({ op, ...request }) + "\n");
    });
  }

  end() {
    this.process.stdin.end();
  }
}
