import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { devNull, tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { type AccessEntry, createAccessLog } from './log.ts'

const entry: AccessEntry = {
  requestId: 'r',
  remoteAddress: '::1',
  method: 'GET',
  host: 'a',
  path: '/',
  status: 200,
  bodyBytes: 2,
  durationMs: 1.23456,
  api: undefined,
  client: undefined,
  code: undefined,
}

it('writes one JSON line for each entry, in order, whatever the values hold', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hexgate-log-'))
  const file = join(folder, 'access.log')
  const descriptor = openSync(file, 'a')
  const log = createAccessLog(descriptor)
  const nasty = 'a"b\\c\n{"status":500}\u2028é\0'
  for (let i = 0; i < 5_000; i++) log.record({ ...entry, requestId: String(i) })
  const dryRun = [{ policy: 'ip-allowlist', code: nasty, status: 403 }]
  log.record({ ...entry, path: nasty, client: nasty, api: nasty, code: 'x', dryRun })
  await log.flush()
  closeSync(descriptor)
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  rmSync(folder, { recursive: true })
  const parsed = lines.map((line): Record<string, unknown> => JSON.parse(line))
  expect(parsed).toHaveLength(5_001)
  expect(parsed.slice(0, -1).map(({ requestId }) => requestId)).toEqual(
    Array.from({ length: 5_000 }, (_, i) => String(i)),
  )
  expect(parsed[0]).toMatchObject({ remoteAddress: '::1', status: 200, durationMs: 1.235 })
  expect(parsed.at(-1)).toMatchObject({ path: nasty, client: nasty, api: nasty, code: 'x', dryRun })
  expect(parsed[0]).not.toHaveProperty('dryRun')
  expect(log.dropped).toBe(0)
})

it('counts lines that the file does not take', async () => {
  const descriptor = openSync(devNull, 'r')
  const log = createAccessLog(descriptor)
  log.record(entry)
  await log.flush()
  closeSync(descriptor)
  expect(log.dropped).toBe(1)
})

it.each([
  ['a pipe', ' | cat'],
  ['a socket', ''],
])(
  'writes whole lines into %s that several processes write to, also when nobody reads for a while',
  async (_, reader) => {
    const writer = `
    import { createAccessLog } from ${JSON.stringify(new URL('log.ts', import.meta.url).href)}
    const log = createAccessLog(1)
    const entry = JSON.parse(process.argv[1])
    for (let i = 0; i < 3_000; i++) log.record({ ...entry, path: '/' + 'x'.repeat(i % 700) })
    await log.flush()
    process.exitCode = log.dropped`
    const names = ['a', 'b', 'c']
    const runs = names.map(
      (_name, index) => `"$NODE" --input-type=module --eval "$WRITER" "$ENTRY${index}" &`,
    )
    const entries = names.map((name, index) => [
      `ENTRY${index}`,
      JSON.stringify({ ...entry, requestId: name }),
    ])
    const shell = spawn('sh', ['-c', `{ ${runs.join(' ')} wait; }${reader}`], {
      env: { NODE: process.execPath, WRITER: writer, ...Object.fromEntries(entries) },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(shell.stdout, 'readable')
    let text = ''
    for await (const chunk of shell.stdout) text += String(chunk)
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line): { requestId: string } => JSON.parse(line))
    for (const name of names) expect(lines.filter(({ requestId }) => requestId === name)).toHaveLength(3_000)
  },
)
