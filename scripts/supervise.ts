import { type ChildProcess, spawn } from 'node:child_process'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Failure } from './failure.ts'
import { checkout, shownPath } from './folders.ts'
import { LogFile } from './log-file.ts'

/** A process of ours that is to run until it is stopped. */
export interface Part {
  /** As people read it: portal, gateway. */
  name: string
  /** Arguments of node. */
  args: readonly string[]
  env: Record<string, string>
  /** Answers 2xx once the part serves. */
  readyUrl: string
  /** Says whether an answer means that it serves; a 2xx does unless something else is said here. */
  isReady?: (response: Response) => Promise<boolean>
  readyWithinMs?: number
  /** How long it may take to end by itself. */
  stopWithinMs?: number
}

export interface RunningPart {
  readonly name: string
  stop(): Promise<void>
}

const backoffMs = { first: 500, most: 30_000, forgottenAfter: 60_000 }

/**
 * Starts a part and waits until it serves. From then on, should it die, it is reported and started again, after
 * ever longer pauses as long as it keeps dying.
 */
export async function startPart(
  part: Part,
  logFolder: string,
  { report, halted }: { report: (line: string) => void; halted: AbortSignal },
): Promise<RunningPart> {
  let stopping = false
  const pause = new AbortController()
  let child = launch(part, logFolder)
  await untilReady(part, child, logFolder, halted)
  const loop = watch()
  return {
    name: part.name,
    stop: async () => {
      stopping = true
      pause.abort()
      await end(child.process, part.stopWithinMs ?? 15_000)
      await loop
    },
  }

  async function watch(): Promise<void> {
    let delay = backoffMs.first
    while (!stopping) {
      const started = Date.now()
      const ending = await child.ended
      if (stopping) return
      if (Date.now() - started > backoffMs.forgottenAfter) delay = backoffMs.first
      report(
        `The ${part.name} ended (${ending}); it is started again. Its log: ${shownPath(logFile(logFolder, part.name))}`,
      )
      await sleep(delay, undefined, { signal: pause.signal }).catch(() => {})
      delay = Math.min(delay * 2, backoffMs.most)
      if (stopping) return
      child = launch(part, logFolder)
    }
  }
}

interface Launched {
  process: ChildProcess
  /** Settles with how it ended, in words. */
  ended: Promise<string>
  lastWords: () => string
}

function launch(part: Part, logFolder: string): Launched {
  const leash = path.join(checkout, 'scripts', 'leashed.ts')
  // In a process group of its own: Ctrl-C at the terminal reaches the start alone, which then stops all in order.
  const child = spawn(process.execPath, ['--import', leash, ...part.args], {
    cwd: checkout,
    env: { ...process.env, ...part.env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const log = new LogFile(logFile(logFolder, part.name))
  let tail = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      tail = (tail + chunk).slice(-4_000)
      log.write(chunk)
    })
  }
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`))
  })
  void ended.then(() => log.close())
  return { process: child, ended, lastWords: () => lastWords(tail) }
}

async function untilReady(
  part: Part,
  child: Launched,
  logFolder: string,
  halted: AbortSignal,
): Promise<void> {
  const deadline = Date.now() + (part.readyWithinMs ?? 60_000)
  let ending: string | null = null
  void child.ended.then((how) => {
    ending = how
  })
  while (!(await answers(part.readyUrl, part.isReady))) {
    if (ending !== null) throw new Failure(`The ${part.name} does not start: ${child.lastWords() || ending}`)
    if (halted.aborted || Date.now() > deadline) {
      await end(child.process, 2_000)
      halted.throwIfAborted()
      const where = shownPath(logFile(logFolder, part.name))
      throw new Failure(`The ${part.name} does not answer at ${part.readyUrl}. Its log: ${where}`)
    }
    await sleep(50)
  }
}

/** Whether something answers there, with 2xx or as `isReady` wants it. */
export async function answers(
  url: string,
  isReady: (response: Response) => Promise<boolean> = async (response) => response.ok,
): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5_000), redirect: 'manual' })
    const ready = await isReady(response)
    if (!response.bodyUsed) await response.body?.cancel()
    return ready
  } catch {
    return false
  }
}

/** Asks a process to end, and makes it end when it does not. */
export async function end(child: ChildProcess, withinMs: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const ended = new Promise<true>((resolve) => child.once('exit', () => resolve(true)))
  child.kill('SIGTERM')
  if (await Promise.race([ended, sleep(withinMs, false, { ref: false })])) return
  child.kill('SIGKILL')
  await ended
}

function logFile(folder: string, name: string): string {
  return path.join(folder, `${name.replaceAll(' ', '-')}.log`)
}

// The line that says what went wrong: the message of a structured log line, or of a stack trace, or the last one.
function lastWords(tail: string): string {
  const lines = tail.trim().split('\n')
  const told = lines.findLast((line) => /^\w*Error: |"level":[56]0/.test(line)) ?? lines.at(-1) ?? ''
  const message = /"msg":"((?:[^"\\]|\\.)*)"/.exec(told)?.[1]
  return (message ?? told).slice(0, 500)
}
