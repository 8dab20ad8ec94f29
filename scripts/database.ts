import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from './failure.ts'
import { holdPostgres, type Postgres, startPostgres } from './postgres.ts'

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
  const loop = watch()
  return {
    url,
    stop: async () => {
      stopping = true
      await hold.release()
      await postgres.stop()
      await loop
    },
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
      const started = await start()
      if (started) {
        postgres = started
        hold = await holdPostgres(started)
        report('The database is back.')
        return
      }
      await sleep(delay)
    }
  }

  async function start(): Promise<Postgres | null> {
    try {
      const started = await startPostgres(folder, { say })
      if (started.url === url) return started
      // The other parts know the address that they were started with.
      await started.stop()
      report(`The database's port was taken meanwhile; free it: ${new URL(url).port}`)
    } catch (error) {
      report(messageOf(error))
    }
    return null
  }
}
