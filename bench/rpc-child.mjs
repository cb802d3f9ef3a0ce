// The receiving process of the rpc benchmark: counts notifications, says how many came and what they cost, echoes other requests. Argument: the contestant's name.
import { contestants } from "./rpc-contestants.mjs";

let received = 0;

contestants[process.argv[2]].receiver({
  notification: () => {
    received++;
  },
  request: (method, params) => (method === "received" ? { received, cpu: process.cpuUsage() } : params),
});
