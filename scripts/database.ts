import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from './failure.ts'
import { holdPostgres, startPostgres } from './postgres.ts'

/** The embedded database while the start runs: started again, on the same files and port, whenever it dies. */
export interface EmbeddedDatabase {
  url: string
  stop(): Promise<void>
}

export async function startDatabase(
  folder: string,
  say: (text: string) => void,
  report: (line: string) => void,
): Promise<EmbeddedDatabase> {
  let stopping = false
  let postgres = await startPostgres(folder, { say })
  let hold = await holdPostgres(postgres)
  const { url } = postgres
  const port = Number(new URL(url).port)
  const loop = watch()
  return {
    url,
    stop: async () => {
      stopping = true
      await end()
      await loop
      // One that was being started meanwhile.
      await end()
    },
  }

  async function end(): Promise<void> {
    await hold.release()
    await postgres.stop()
  }

  async function watch(): Promise<void> {
    while (!stopping) {
      await postgres.exited
      if (stopping) return
      report('The database ended; it is started again.')
      await restart()
    }
  }

  async function restart(): Promise<void> {
    for (let delay = 200; !stopping; delay = Math.min(delay * 2, 10_000)) {
      await hold.release()
      if (await start()) return report('The database is back.')
      await sleep(delay)
    }
  }

  async function start(): Promise<boolean> {
    try {
      // The other parts know the address that they were started with.
      postgres = await startPostgres(folder, { say, port })
      hold = await holdPostgres(postgres)
      return true
    } catch (error) {
      report(messageOf(error))
      return false
    }
  }
}
