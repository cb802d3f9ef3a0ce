// Shifts what the runtime takes for the time of day: from the start, and again with every SIGUSR2. Timers go on as before.
import process from "node:process";

const shifts = (process.env.NARTHEX_FAULTS_CLOCK ?? "").split(",").map(Number);
const RealDate = Date;
let shift = shifts.shift() ?? 0;
const now = () => RealDate.now() + shift;

globalThis.Date = class Date extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(now());
    else super(...args);
  }
  static now() {
    return now();
  }
};
process.on("SIGUSR2", () => {
  shift = shifts.shift() ?? shift;
});
