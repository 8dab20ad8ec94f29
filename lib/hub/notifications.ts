import pg from 'pg'
import { log } from '../log.ts'

export interface Notifications {
  /** Whether changes are heard at this moment. */
  readonly listening: boolean
  close(): Promise<void>
}

interface Listening {
  url: string
  channels: Readonly<Record<string, (payload: string) => void>>
  /** Called each time that listening begins: what was notified before is lost and must be read. */
  onGap: () => void
}

const answerMsMax = 2_000
const checkEveryMs = 2_000
const retryMs = 500

/** Listens to PostgreSQL on a connection of its own, which it opens again whenever it is lost. */
export function listen({ url, channels, onGap }: Listening): Notifications {
  let client: pg.Client | null = null
  let listening = false
  let closed = false
  let timer: NodeJS.Timeout | undefined

  const connect = async () => {
    const fresh = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: answerMsMax,
      query_timeout: answerMsMax,
      keepAlive: true,
    })
    client = fresh
    fresh.on('error', (error) => lose(fresh, error))
    fresh.on('end', () => lose(fresh, new Error('the connection ended')))
    fresh.on('notification', ({ channel, payload }) => channels[channel]?.(payload ?? ''))
    try {
      await fresh.connect()
      for (const channel of Object.keys(channels)) await fresh.query(`LISTEN ${pg.escapeIdentifier(channel)}`)
      if (closed || client !== fresh) return
      listening = true
      log.info('hearing changes from the database')
      onGap()
      timer = setTimeout(() => void probe(fresh), checkEveryMs)
    } catch (error) {
      lose(fresh, error)
    }
  }

  // A database that hangs, or a path that swallows packets, ends no connection: only an unanswered question shows it.
  const probe = async (asked: pg.Client) => {
    try {
      await asked.query('SELECT 1')
      if (!closed && client === asked) timer = setTimeout(() => void probe(asked), checkEveryMs)
    } catch (error) {
      lose(asked, error)
    }
  }

  const lose = (lost: pg.Client, error: unknown) => {
    if (closed || client !== lost) return
    if (listening) log.warn({ err: error }, 'changes are no longer heard; trying again')
    client = null
    listening = false
    clearTimeout(timer)
    lost.end().catch(() => {})
    timer = setTimeout(() => void connect(), retryMs)
  }

  void connect()
  return {
    get listening() {
      return listening
    },
    async close() {
      closed = true
      listening = false
      clearTimeout(timer)
      await client?.end().catch(() => {})
    },
  }
}
