#!/usr/bin/env node
// Stands in for a runtime that an SDK starts as a child: passes stdin and stdout on to the runner, byte by byte. It ends
// when the runner hangs up, with exit code 7, and when its stdin ends.
import { connect } from "node:net";
import process from "node:process";

const flag = process.argv.indexOf("--relay-to");
const socket = connect({ host: "127.0.0.1", port: Number(process.argv[flag + 1]), noDelay: true });
process.stdin.pipe(socket);
socket.pipe(process.stdout, { end: false });
socket.on("error", () => process.exit(7));
socket.on("close", () => process.exit(7));
process.stdin.on("end", () => process.exit(0));
