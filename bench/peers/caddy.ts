import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Certificates } from '../certificates.ts'
import type { Peer, Place, Work } from './work.ts'

/** Neither rate limits nor tokens without modules of others, and its routes are looked at one after another. */
export const caddy: Peer = {
  name: 'Caddy',
  program: 'caddy',
  can: ({ chain, apis }) => chain === undefined && apis === 1,
  start(place, work) {
    const { folder, port } = place
    const file = join(folder, `Caddyfile-${port}`)
    writeFileSync(file, configuration(place, work))
    const env = { GOMAXPROCS: '1', HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder }
    return { command: ['caddy', 'run', '--config', file, '--adapter', 'caddyfile'], env }
  },
}

function configuration({ folder, port, upstreamPort }: Place, { tls, accessLog }: Work): string {
  const scheme = tls === undefined ? 'http' : 'https'
  return `{
  admin off
  auto_https off
}
${tls === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`} {
  bind 127.0.0.1
  ${tls === undefined ? '' : inbound(tls)}
  ${accessLog ? logging(join(folder, `caddy-${port}.log`)) : ''}
  reverse_proxy ${scheme}://127.0.0.1:${upstreamPort} {
    ${accessLog ? 'header_up X-Request-Id {http.request.uuid}' : ''}
    transport http {
      keepalive_idle_conns_per_host 128
      ${tls === undefined ? '' : outbound(tls)}
    }
  }
}
`
}

function logging(file: string): string {
  return `log {
    output file ${file} {
      roll_disabled
    }
    format json
  }`
}

function inbound({ folder }: Certificates): string {
  return `tls ${folder}/server.pem ${folder}/server-key.pem {
    client_auth {
      mode require_and_verify
      trusted_ca_cert_file ${folder}/ca.pem
    }
  }`
}

function outbound({ folder }: Certificates): string {
  return `tls_client_auth ${folder}/client.pem ${folder}/client-key.pem
      tls_trusted_ca_certs ${folder}/ca.pem
      tls_server_name localhost`
}
