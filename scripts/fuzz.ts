import { runNode } from './run-program.ts'

/** npm run test:fuzz: the fuzzers of the data plane, for as long as is asked. */
export const run = (args: readonly string[]) => runNode(['gateway-runtime/serve/fuzz/main.ts', ...args])
