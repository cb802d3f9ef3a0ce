// The `narthex` package is a command; for programs it gives the parts that put a runtime together.
export { serve } from "./serve/serve.ts";
export { resolveServeOptions, type ServeFlags, type ServeOptions } from "./serve/options.ts";
