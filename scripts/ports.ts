import net from 'node:net'
import { Failure } from './failure.ts'

/** Why nothing can listen there, as the system says it (EADDRINUSE, EACCES), or null when it can. */
export function listenFault(port: number, address: string): Promise<string | null> {
  return new Promise((resolve) => {
    const probe = net.createServer()
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'UNKNOWN'))
    probe.listen({ port, host: address, exclusive: true }, () => probe.close(() => resolve(null)))
  })
}

/** Whether the port of the loopback address is free. */
export async function isFree(port: number): Promise<boolean> {
  return (await listenFault(port, '127.0.0.1')) === null
}

/** Refuses, in one line that names the option, when something else listens at the port. */
export async function requireFree(
  port: number,
  address: string,
  what: string,
  option: string,
): Promise<void> {
  const fault = await listenFault(port, address)
  if (fault === 'EACCES') {
    throw new Failure(`Port ${port} (${what}) may not be used by this user. Choose another with ${option}.`)
  }
  if (fault === 'EADDRNOTAVAIL')
    throw new Failure(`The address ${address} (${what}) is not one of this machine.`)
  // Somebody on the other loopback address would answer browsers that try that one first.
  const taken = fault ?? ((await listenFault(port, '::1')) === 'EADDRINUSE' ? 'EADDRINUSE' : null)
  if (taken === 'EADDRINUSE') {
    throw new Failure(
      `Port ${port} (${what}) is taken. Stop what listens there, or choose another with ${option}.`,
    )
  }
  if (taken) throw new Failure(`Port ${port} (${what}) cannot be used: ${taken}.`)
}

/** A port of the loopback address that nobody listens on at the moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = net.createServer()
    probe.once('error', reject)
    probe.listen({ port: 0, host: '127.0.0.1' }, () => {
      const address = probe.address()
      const port = typeof address === 'object' && address ? address.port : 0
      probe.close(() => resolve(port))
    })
  })
}
