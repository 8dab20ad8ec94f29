import { runNode } from './run-program.ts'

/** npm run test:corpus: 200 real documents through the importer. */
export const run = (args: readonly string[]) => runNode(['e2e/corpus/main.ts', ...args])
