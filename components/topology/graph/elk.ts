import ELK from 'elkjs/lib/elk-api.js'

let elk: InstanceType<typeof ELK> | undefined

/**
 * ELK computes in a worker of its own, so that the page stays quick while it thinks; one is enough for a tab.
 * The first call fetches it, so whoever will need it calls as early as that is known.
 */
export function sharedElk(): InstanceType<typeof ELK> {
  elk ??= new ELK({
    workerFactory: () => new Worker(new URL('./elk.worker.ts', import.meta.url), { type: 'module' }),
  })
  return elk
}
