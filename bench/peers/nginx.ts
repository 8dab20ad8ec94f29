import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Certificates } from '../certificates.ts'
import { basePath, type Command, type Peer, routedApis, type Work } from './work.ts'

/** Neither keys nor tokens: what nginx needs for them is not in the free edition. */
export const nginx: Peer = {
  name: 'nginx',
  program: 'nginx',
  can: ({ chain }) => chain === undefined,
  start({ folder, port, upstreamPort }, work) {
    const { tls, accessLog } = work
    return nginxWith(
      folder,
      `proxy-${port}`,
      `${accessLog ? logFormat : ''}
  upstream backend { server 127.0.0.1:${upstreamPort}; keepalive 128; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${port}${tls === undefined ? '' : ' ssl'} backlog=4096;
    client_max_body_size 2g;
    ${accessLog ? `access_log ${join(folder, `nginx-${port}.log`)} json;` : ''}
    ${tls === undefined ? '' : inboundTls(tls)}
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header X-Forwarded-Host $host;
    ${accessLog ? 'proxy_set_header X-Request-Id $request_id;' : ''}
    ${tls === undefined ? '' : outboundTls(tls)}
    ${locations(work)}
  }`,
    )
  },
}

function locations(work: Work): string {
  const target = `proxy_pass ${work.tls === undefined ? 'http' : 'https'}://backend;`
  const paths = work.apis === 1 ? ['/'] : routedApis(work).map((index) => `${basePath(index)}/`)
  return paths.map((path) => `location ${path} { ${target} }`).join('\n    ')
}

const logFormat = `log_format json escape=json '{"time":"$time_iso8601","requestId":"$request_id","remoteAddress":"$remote_addr","method":"$request_method","host":"$host","path":"$uri","status":$status,"bodyBytes":$body_bytes_sent,"seconds":$request_time}';`

/** What a server says of TLS that wants a client certificate. */
export function inboundTls({ folder }: Certificates): string {
  return `ssl_certificate ${folder}/server.pem;
    ssl_certificate_key ${folder}/server-key.pem;
    ssl_client_certificate ${folder}/ca.pem;
    ssl_verify_client on;
    ssl_protocols TLSv1.2 TLSv1.3;`
}

function outboundTls({ folder }: Certificates): string {
  return `proxy_ssl_certificate ${folder}/client.pem;
    proxy_ssl_certificate_key ${folder}/client-key.pem;
    proxy_ssl_trusted_certificate ${folder}/ca.pem;
    proxy_ssl_verify on;
    proxy_ssl_name localhost;
    proxy_ssl_server_name on;`
}

/** An nginx of one process with this inside its http block. */
export function nginxWith(folder: string, name: string, http: string): Command {
  const home = join(folder, `nginx-${name}`)
  mkdirSync(home, { recursive: true })
  const file = join(home, 'nginx.conf')
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${join(home, kind)};`,
  )
  writeFileSync(
    file,
    `daemon off;
master_process off;
worker_processes 1;
pid ${join(home, 'pid')};
error_log stderr error;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_timeout 600s;
  keepalive_requests 100000000;
  ${temporary.join('\n  ')}
  ${http}
}
`,
  )
  return { command: ['nginx', '-p', home, '-e', 'stderr', '-c', file] }
}
