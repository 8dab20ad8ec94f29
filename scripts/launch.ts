import { Failure, messageOf } from './failure.ts'
import type { StartOptions } from './options.ts'
import type { Mode } from './parts.ts'
import { Running } from './running.ts'
import { startAll } from './start-all.ts'

/** Starts everything, shows it, keeps it running, and stops it in order. Answers the exit code. */
export async function launch(options: StartOptions, mode: Mode): Promise<number> {
  const running = new Running()
  const stopWished = onStopSignal()
  const starting = startAll(options, mode, running)
  try {
    const first = await Promise.race([
      starting.then(() => 'up' as const),
      stopWished.then(() => 'stop' as const),
    ])
    if (first === 'up') await stopWished
    console.log('\n  Stopping …')
    running.halt()
    await starting.catch(() => {})
    await running.stopAll()
    console.log('  Stopped.')
    return 0
  } catch (error) {
    console.error(`\n${error instanceof Failure ? error.message : describe(error)}`)
    running.halt()
    await running.stopAll()
    return 1
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : messageOf(error)
}

// Every stop is bounded in time, so that a second signal has nothing to add; npm often sends one.
function onStopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve())
  })
}
