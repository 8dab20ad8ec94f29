import type { ProbeReport, ProbeTarget } from '#domain/probe.ts'
import { mainUpstream } from '#domain/routing.ts'
import { probeOwnListener } from './serve/own-listener-probe.ts'
import type { Pool } from './serve/upstream/pool.ts'
import type { Serving } from './serving.ts'

/** Connects to what a node serves or leads to, and nowhere else; null where it serves nothing of that name. */
export async function probe(
  { plan, listeners }: Pick<Serving, 'plan' | 'listeners'>,
  target: ProbeTarget,
): Promise<ProbeReport | null> {
  if (target.kind === 'listener') {
    const item = `listener:${target.listenerId}`
    const place = listeners.find(({ id }) => id === item)
    const served = plan?.listeners.get(item)
    if (place === undefined || served === undefined) return null
    return probeOwnListener({ ...place, proxyProtocol: served.proxyProtocol }, target.serverName)
  }
  const route = plan?.routes.find(({ id }) => id === `api:${target.instanceId}`)
  const pool: Pool | undefined =
    target.upstream === mainUpstream
      ? route?.upstream
      : route?.destinations?.find(({ name }) => name === target.upstream)?.pool
  return (await pool?.probe(target.url)) ?? null
}
