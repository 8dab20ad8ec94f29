import { Failure } from './failure.ts'
import { runNode } from './run-program.ts'

const fuzzers = ['differential', 'end-to-end', 'http2'] as const

/** npm run test:fuzz -- [SECONDS [SEED]]: the fuzzers of the data plane, each for as long as is asked. */
export async function run(args: readonly string[]): Promise<number> {
  const [seconds = '600', seed = String(Date.now() % 1_000_000)] = args
  if (!/^\d+$/.test(seconds) || !/^\d+$/.test(seed)) {
    throw new Failure('Give seconds and a seed as whole numbers: npm run test:fuzz -- 600 1')
  }
  let failed = 0
  for (const fuzzer of fuzzers) {
    console.log(`\n${fuzzer}, ${seconds} s, seed ${seed}`)
    const file = `gateway-runtime/serve/fuzz/${fuzzer}.ts`
    if ((await runNode(['--expose-internals', file, seconds, seed])) !== 0) failed += 1
  }
  console.log(`${fuzzers.length - failed} passed, ${failed} failed`)
  return failed === 0 ? 0 : 1
}
