import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { describe, it } from 'vitest'

const seconds = Number(process.env['HEXGATE_FUZZ_SECONDS'] ?? 60)
// The same inputs each time, so that a failure is the change's; "npm run test:fuzz" looks for new ones.
const seed = Number(process.env['HEXGATE_FUZZ_SEED'] ?? 1)

interface Summary {
  readonly findings: readonly unknown[]
  readonly inputs?: number
  readonly cases?: number
  readonly neighbours?: number
}

// In a process of its own: Node's parser is reached by a flag that nothing else should run with.
async function run(script: string): Promise<{ code: unknown; summary: Summary }> {
  const file = fileURLToPath(new URL(script, import.meta.url))
  const child = spawn(
    process.execPath,
    ['--expose-internals', '--no-warnings', file, String(seconds), String(seed)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  let output = ''
  child.stdout.on('data', (bytes: Buffer) => (output += bytes.toString()))
  const [code] = await once(child, 'close')
  // The script prints one line, and this test is what holds it to that.
  return { code, summary: JSON.parse(output) as Summary }
}

describe.concurrent(`fuzzing for ${seconds} s with seed ${seed}`, () => {
  it('the codec accepts nothing that llhttp refuses, wherever the bytes are split', {
    timeout: (seconds + 60) * 1000,
  }, async ({ expect }) => {
    const { code, summary } = await run('differential.ts')
    expect(summary.findings).toEqual([])
    expect(summary.inputs).toBeGreaterThan(1_000)
    expect(code).toBe(0)
  })

  it('an upstream of node:http sees no malformed, extra or altered request, and nothing hangs', {
    timeout: (seconds + 60) * 1000,
  }, async ({ expect }) => {
    const { code, summary } = await run('end-to-end.ts')
    expect(summary.findings).toEqual([])
    expect(summary.cases).toBeGreaterThan(50)
    expect(code).toBe(0)
  })

  it('an upstream of node:http sees of HTTP/2 only whole requests that were ended, and neighbours are served', {
    timeout: (seconds + 60) * 1000,
  }, async ({ expect }) => {
    const { code, summary } = await run('http2.ts')
    expect(summary.findings).toEqual([])
    expect(summary.neighbours).toBeGreaterThan(10)
    expect(code).toBe(0)
  })
})
