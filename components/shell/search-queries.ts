import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { z } from 'zod'
import { getJson } from './api.ts'

const api = z.object({ id: z.string(), name: z.string(), title: z.string() })
const gateway = z.object({ id: z.string(), name: z.string() })

/** What the search looks through, as far as a name and an address need it. */
export const searchQueries = {
  /** The server looks for the words: a catalog may hold more APIs than a page should. */
  apis: (words: string) =>
    queryOptions({
      queryKey: ['apis', 'search', words],
      queryFn: async ({ signal }) => {
        const query = new URLSearchParams({ limit: '20', ...(words ? { search: words } : {}) })
        return (await getJson(`/apis?${query}`, z.object({ apis: z.array(api) }), signal)).apis
      },
      placeholderData: keepPreviousData,
    }),
  gateways: () =>
    queryOptions({
      queryKey: ['gateways', 'search'],
      queryFn: async ({ signal }) =>
        (await getJson('/gateways', z.object({ gateways: z.array(gateway) }), signal)).gateways,
    }),
}
