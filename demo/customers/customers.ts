import type { Server } from 'node:http'
import { z } from 'zod'
import { Refused, serve } from '../serve.ts'

/** Customer records: personal data, so the sample puts an API key before it. */

const change = z
  .strictObject({ email: z.email(), newsletter: z.boolean() })
  .partial()
  .refine((given) => Object.keys(given).length > 0, 'names nothing to change')
const filter = z.object({
  search: z.string().max(100).default(''),
  limit: z.coerce.number().int().min(1).max(100).default(20),
})

interface Customer {
  id: string
  name: string
  email: string
  city: string
  newsletter: boolean
}

const initial: readonly Customer[] = [
  { id: 'customer-1001', name: 'Mira Jansen', email: 'mira@example.org', city: 'Utrecht', newsletter: true },
  {
    id: 'customer-1002',
    name: 'Tomás Oliveira',
    email: 'tomas@example.org',
    city: 'Porto',
    newsletter: false,
  },
  { id: 'customer-1003', name: 'Aino Laine', email: 'aino@example.org', city: 'Tampere', newsletter: true },
]

export function startCustomers(port: number): Promise<Server> {
  const customers = new Map(initial.map((customer) => [customer.id, { ...customer }]))
  const known = (id: string | undefined) => {
    const customer = customers.get(id ?? '')
    if (!customer) throw new Refused(404, `there is no customer ${id}`)
    return customer
  }
  return serve(
    [
      {
        method: 'GET',
        path: '/customers',
        answer: ({ query }) => {
          const { search, limit } = filter.parse(Object.fromEntries(query))
          const wanted = search.toLowerCase()
          const found = [...customers.values()].filter(({ name, city }) =>
            `${name} ${city}`.toLowerCase().includes(wanted),
          )
          return { body: { customers: found.slice(0, limit), total: found.length } }
        },
      },
      {
        method: 'GET',
        path: '/customers/{customerId}',
        answer: ({ params }) => ({ body: known(params['customerId']) }),
      },
      {
        method: 'PATCH',
        path: '/customers/{customerId}',
        answer: ({ params, body }) => ({
          body: Object.assign(known(params['customerId']), change.parse(body)),
        }),
      },
    ],
    port,
  )
}
