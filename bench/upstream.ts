import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inboundTls, nginxWith } from './peers/nginx.ts'
import { pathOf, plainWork, type Command } from './peers/work.ts'
import type { Certificates } from './certificates.ts'

const SMALL_ANSWER = JSON.stringify({ id: '7f1c', status: 'shipped', note: 'x'.repeat(212) })
export const MEBIBYTE = 1_048_576
export const GIBIBYTE = 1_073_741_824

/** What an upstream has beside its small answer, by the end of the path. */
export const largeFiles = { large: MEBIBYTE, huge: GIBIBYTE } as const

/** The upstream of every proxy: a small JSON answer, also to small bodies, and files of a mebibyte and a gibibyte. */
export function upstreamCommand(folder: string, port: number, tls?: Certificates): Command {
  const files = Object.entries(largeFiles).map(([name, bytes]) => {
    const file = join(folder, name)
    writeFileSync(file, '')
    truncateSync(file, bytes)
    // Not every proxy takes the base path off.
    return [`/${name}`, pathOf(plainWork, `/${name}`)]
      .map((path) => `location = ${path} { default_type application/octet-stream; alias ${file}; }`)
      .join('\n    ')
  })
  return nginxWith(
    folder,
    'upstream',
    `server {
    listen 127.0.0.1:${port}${tls === undefined ? '' : ' ssl'} backlog=4096;
    ${tls === undefined ? '' : inboundTls(tls)}
    location / { default_type application/json; return 200 '${SMALL_ANSWER}'; }
    ${files.join('\n    ')}
  }`,
  )
}

/** An upstream for large bodies. */
export function sinkCommand(port: number): Command {
  return { command: [process.execPath, fileURLToPath(new URL('sink.ts', import.meta.url)), `${port}`] }
}
