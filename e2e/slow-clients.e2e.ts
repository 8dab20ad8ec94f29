import { spawn } from 'node:child_process'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { apiDocument, FolderNode } from './folder-node.ts'
import { Load } from './load.ts'
import { until } from './machine.ts'
import { needs } from './needs.ts'
import { type PlainUpstream, startPlainUpstream } from './plain-upstream.ts'

// A machine that is busy with other things is slow and not wrong.
vi.setConfig({ testTimeout: 120_000 })

const timeoutMs = 2_000
// More than the system keeps for a connection to which it can send nothing.
const largeBytes = 8 * 1024 ** 2
let upstream: PlainUpstream
let node: FolderNode

beforeAll(async () => {
  upstream = await startPlainUpstream()
  node = await FolderNode.start({
    documents: [apiDocument(upstream.url)],
    args: ['head-timeout-ms', 'body-window-ms', 'unread-timeout-ms'].flatMap((name) => [
      '--limit',
      `${name}=${timeoutMs}`,
    ]),
    env: { HEXGATE_ACCESS_LOG: 'on' },
  })
})
afterAll(async () => {
  expect(await node?.stop()).toBe(0)
  await upstream?.stop()
})

/** Runs slowhttptest until what it does has come to its end at the node. */
async function attack(args: readonly string[], where: string, isOver: () => Promise<boolean>): Promise<void> {
  const rest = ['-r', '500', '-l', '60', '-p', '30', '-u', node.origin + where]
  const child = spawn('slowhttptest', [...args, ...rest], { stdio: 'ignore' })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  try {
    await until('the node has let them go', isOver, 60_000)
  } finally {
    child.kill('SIGKILL')
    await ended
  }
}

const timedOut = 'hexgate_own_answers_total{code="request_timeout"}'
const answered = 'hexgate_responses_total{status="200"}'
const unread = () => Promise.resolve(node.linesOf('client_unread').length)
const forwarded = async (load: Load) => (await node.figure(answered)) - load.answered

interface Attack {
  what: string
  args: readonly string[]
  connections: number
  where: string
  /** How many of them have come to the end that is theirs. */
  ends: (load: Load) => Promise<number>
}

const attacks: Attack[] = [
  {
    what: 'heads that never end (408)',
    args: ['-H', '-i', '1'],
    connections: 1_000,
    where: '/',
    ends: () => node.figure(timedOut),
  },
  {
    what: 'bodies that drip (408)',
    args: ['-B', '-i', '1', '-s', '8192', '-x', '5'],
    connections: 500,
    where: '/',
    ends: () => node.figure(timedOut),
  },
  {
    what: 'hundreds of ranges each (the upstream answers)',
    args: ['-R', '-a', '5', '-b', '500'],
    connections: 500,
    where: '/',
    ends: forwarded,
  },
  {
    what: 'answers that they hardly read (cut)',
    args: ['-X', '-w', '256', '-y', '512', '-n', '1', '-z', '8'],
    connections: 100,
    where: `/?bytes=${largeBytes}`,
    ends: unread,
  },
]

it.for(attacks)(
  '$connections clients with $what are let go, and no neighbour notices',
  async (attacked, context) => {
    needs(context, 'slowhttptest')
    const { what, args, connections, where, ends } = attacked
    const load = await Load.start({ origin: node.origin, path: '/', connections: 4 })
    await until('a lap alone', () => Promise.resolve(load.answered > 500))
    const aloneMs = load.lap(0.99)
    const before = await ends(load)
    // Those that have come to their end, and the neighbours with a probe of the attacker.
    await attack([...args, '-c', `${connections}`], where, async () => {
      const isEnded = (await ends(load)) - before >= connections
      return isEnded && (await node.figure('hexgate_connections')) <= 4 + 1
    })
    const besideMs = load.lap(0.99)
    const { failures, answered: count } = await load.stop()
    expect(failures.slice(0, 5)).toEqual([])
    expect(count).toBeGreaterThan(500)
    console.log(
      `${what}: 99 % of the neighbours' answers within ${besideMs.toFixed(1)} ms, alone ${aloneMs.toFixed(1)} ms`,
    )
  },
)
