import type { Adapter, AdapterFactory, AdapterPayload } from 'oidc-provider'
import type { Store } from './store.ts'

// Anybody can start a sign-in without ever finishing it, so unfinished ones are bounded in number.
const unfinishedMax = 5_000

/** What oidc-provider keeps, kept in the store: `Model:id` holds the payload, the other keys point to it. */
export function storeAdapter(store: Store): AdapterFactory {
  return (model) => adapterFor(model, store)
}

function adapterFor(model: string, store: Store): Adapter {
  const keyOf = (id: string) => `${model}:${id}`
  const read = (id: string) => store.get(keyOf(id))?.payload as AdapterPayload | undefined

  const remove = async (id: string) => {
    const payload = read(id)
    await store.remove(keyOf(id))
    if (payload?.uid && model === 'Session') await store.remove(`uid:${payload.uid}`)
    if (payload?.grantId) await store.remove(memberKey(payload.grantId, keyOf(id)))
  }

  return {
    async upsert(id, payload, expiresIn) {
      const expiresAt = expiresIn ? Date.now() + expiresIn * 1000 : null
      if (model === 'Interaction') await dropOldest(store, 'Interaction:', unfinishedMax)
      await store.set(keyOf(id), { payload: { ...payload }, expiresAt })
      if (model === 'Session' && payload.uid) {
        await store.set(`uid:${payload.uid}`, { payload: { id }, expiresAt })
      }
      if (payload.grantId) {
        await store.set(memberKey(payload.grantId, keyOf(id)), { payload: { id }, expiresAt })
      }
    },
    async find(id) {
      return read(id)
    },
    async findByUid(uid) {
      const id = store.get(`uid:${uid}`)?.payload['id']
      return typeof id === 'string' ? read(id) : undefined
    },
    // Only the device flow has user codes, and it is off.
    async findByUserCode() {
      return undefined
    },
    async consume(id) {
      const entry = store.get(keyOf(id))
      if (!entry) return
      const payload = { ...entry.payload, consumed: Math.floor(Date.now() / 1000) }
      await store.set(keyOf(id), { ...entry, payload })
    },
    destroy: remove,
    async revokeByGrantId(grantId) {
      const prefix = memberKey(grantId, `${model}:`)
      for (const key of store.keys(prefix)) {
        await store.remove(key.slice(memberKey(grantId, '').length))
        await store.remove(key)
      }
    },
  }
}

function memberKey(grantId: string, key: string): string {
  return `grant:${grantId}:${key}`
}

async function dropOldest(store: Store, prefix: string, max: number): Promise<void> {
  const keys = store.keys(prefix)
  for (const key of keys.slice(0, Math.max(0, keys.length - max + 1))) await store.remove(key)
}
