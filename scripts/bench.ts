import { runNode } from './run-program.ts'

/** npm run bench -- proxy */
export const run = (args: readonly string[]) => runNode(['bench/main.ts', ...args])
