import ELK from 'elkjs/lib/elk-api.js'

let elk: InstanceType<typeof ELK> | undefined

/**
 * ELK computes in a worker of its own, so that the page stays quick while it thinks; one is enough for a tab.
 * It is fetched when it is first needed, which is when something changes: the first order comes with the page.
 */
export function sharedElk(): InstanceType<typeof ELK> {
  elk ??= new ELK({
    workerFactory: () => new Worker(new URL('./elk.worker.ts', import.meta.url), { type: 'module' }),
  })
  return elk
}
