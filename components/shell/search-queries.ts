import { queryOptions } from '@tanstack/react-query'
import { z } from 'zod'
import { getJson } from './api.ts'

const api = z.object({ id: z.string(), name: z.string(), title: z.string() })
const gateway = z.object({ id: z.string(), name: z.string() })

/** What the search looks through, as far as a name and an address need it. */
export const searchQueries = {
  apis: () =>
    queryOptions({
      queryKey: ['apis', 'search'],
      queryFn: async ({ signal }) => (await getJson('/apis', z.object({ apis: z.array(api) }), signal)).apis,
    }),
  gateways: () =>
    queryOptions({
      queryKey: ['gateways', 'search'],
      queryFn: async ({ signal }) =>
        (await getJson('/gateways', z.object({ gateways: z.array(gateway) }), signal)).gateways,
    }),
}
