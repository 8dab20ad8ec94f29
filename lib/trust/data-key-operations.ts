import { dataKeyList, resealing } from '#domain/data-key.ts'
import { endpoint, type Operation } from '../endpoint.ts'
import { listDataKeys, renewDataKey, rewrapDataKeys } from './write-data-key.ts'

const secrets = 'Secrets'

/** REST for the keys that secrets are sealed under. */
export const dataKeyOperations: readonly Operation[] = [
  endpoint({
    id: 'data-key.list',
    method: 'GET',
    path: '/data-keys',
    tag: secrets,
    summary: "List the keys that the organisation's secrets are sealed under, by id",
    access: 'secrets.rotate',
    output: dataKeyList,
    run: (_input, { actor }) => listDataKeys(actor),
  }),
  endpoint({
    id: 'data-key.renew',
    method: 'POST',
    path: '/data-keys',
    tag: secrets,
    summary: 'Make a data key and seal every secret under it',
    access: 'secrets.rotate',
    output: resealing,
    run: (_input, { actor }) => renewDataKey(actor),
  }),
  endpoint({
    id: 'data-key.rewrap',
    method: 'POST',
    path: '/data-keys/rewrap',
    tag: secrets,
    summary: 'Wrap the data keys under the master key that stands first',
    access: 'secrets.rotate',
    output: resealing,
    run: (_input, { actor }) => rewrapDataKeys(actor),
  }),
]
