import { readdir, readFile, readlink } from 'node:fs/promises'

/** What a test must know of other processes, from Linux' /proc. */

export interface Seen {
  pid: number
  parent: number
  /** Tells a process from a later one with the same number. */
  startedAt: string
  name: string
}

/** Every process that runs at the moment. */
export async function allProcesses(): Promise<Seen[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const seen = await Promise.all(pids.map((pid) => see(Number(pid))))
  return seen.filter((each) => each !== null)
}

async function see(pid: number): Promise<Seen | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null)
  // The name may hold blanks and brackets; the fields after its last bracket do not.
  const [, name = '', rest = ''] = /^\d+ \((.*)\) (.*)$/s.exec(text ?? '') ?? []
  const fields = rest.split(' ')
  if (text === null || fields[0] === 'Z') return null
  return { pid, parent: Number(fields[1]), startedAt: fields[19] ?? '', name }
}

/** A process with everything that descends from it. */
export async function familyOf(pid: number): Promise<Seen[]> {
  const all = await allProcesses()
  const family = all.filter((each) => each.pid === pid)
  for (const member of family) family.push(...all.filter(({ parent }) => parent === member.pid))
  return family
}

/** Those of the processes that still run. */
export async function stillRunning(family: readonly Seen[]): Promise<Seen[]> {
  const now = await Promise.all(family.map(({ pid }) => see(pid)))
  return family.filter(({ startedAt }, index) => now[index]?.startedAt === startedAt)
}

/** The process that listens on a port of this machine. */
export async function listenerOn(port: number): Promise<Seen> {
  const inodes = new Set((await Promise.all(['tcp', 'tcp6'].map((table) => listening(table, port)))).flat())
  for (const seen of await allProcesses()) {
    const files = await readdir(`/proc/${seen.pid}/fd`).catch(() => [])
    const links = await Promise.all(
      files.map((file) => readlink(`/proc/${seen.pid}/fd/${file}`).catch(() => '')),
    )
    if (links.some((link) => inodes.has(/^socket:\[(\d+)\]$/.exec(link)?.[1] ?? ''))) return seen
  }
  throw new Error(`nobody listens on ${port}`)
}

async function listening(table: string, port: number): Promise<string[]> {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0')
  const lines = (await readFile(`/proc/net/${table}`, 'utf8').catch(() => '')).split('\n').slice(1)
  return lines.flatMap((line) => {
    const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/)
    return state === '0A' && local.endsWith(`:${wanted}`) ? [inode] : []
  })
}
