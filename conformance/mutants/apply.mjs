// Loaded before a driver (`node --import`): changes the built code of the SDK while it is loaded, as NARTHEX_MUTANT says.
import { register } from "node:module";
import process from "node:process";

register("./hooks.mjs", import.meta.url, { data: JSON.parse(process.env.NARTHEX_MUTANT) });
