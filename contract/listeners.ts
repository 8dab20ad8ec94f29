import type { Fault } from '#domain/problem.ts'
import { canonicalAddress } from '#domain/subject-alt-names.ts'
import { itemPointer, type ListenerItem } from './items.ts'

/** A port to be opened, and what for. */
export interface ListeningPlace {
  readonly id: string
  readonly address: string
  readonly port: number
}

/** What is wrong with the listeners of a gateway. */
export function listenerFaults(listeners: readonly ListenerItem[]): Fault[] {
  if (listeners.length === 0) return [{ pointer: '/items', detail: 'there is no listener' }]
  return portClashes(listeners).map(({ id, detail }) => ({ pointer: itemPointer(id, 'port'), detail }))
}

/** Those that cannot be opened beside an earlier one. The port 0 is any that is free. */
export function portClashes(places: readonly ListeningPlace[]): { id: string; detail: string }[] {
  return places.flatMap(({ id, address, port }, index) => {
    const other = places
      .slice(0, index)
      .find((one) => port !== 0 && one.port === port && addressesOverlap(one.address, address))
    if (other === undefined) return []
    const at = other.address === address ? ` at ${address}` : `, at ${address} and at ${other.address}`
    const names = `${listenerName(id)} and ${listenerName(other.id)}`
    return [{ id, detail: `the listeners ${names} both want port ${port}${at}` }]
  })
}

/** What people call a listener, by the id of its item. */
export function listenerName(id: string): string {
  return id.replace(/^listener:/, '')
}

const everyAddress = { ipv4: '0.0.0.0', ipv6: '::' } as const

/** Whether a port cannot be opened at both: `::` takes IPv4 as well. */
export function addressesOverlap(a: string, b: string): boolean {
  const [one, other] = [canonicalAddress(a) ?? a, canonicalAddress(b) ?? b]
  const takes = (every: string, single: string) =>
    every === everyAddress.ipv6 || (every === everyAddress.ipv4 && !single.includes(':'))
  return one === other || takes(one, other) || takes(other, one)
}
