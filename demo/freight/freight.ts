import { randomUUID } from 'node:crypto'
import type { Server } from 'node:http'
import { z } from 'zod'
import { Refused, serve } from '../serve.ts'

/** A carrier's rates and shipments, as a third party would offer them. */

const country = z.string().regex(/^[A-Z]{2}$/, 'must be two capital letters (ISO 3166)')
const wanted = z.object({ from: country, to: country, weightKg: z.coerce.number().min(0.1).max(1_000) })
const shipment = wanted.extend({
  service: z.enum(['economy', 'express']),
  reference: z.string().min(1).max(60),
})

const services = {
  economy: { days: 5, baseCents: 450, perKgCents: 60 },
  express: { days: 1, baseCents: 1_450, perKgCents: 140 },
} as const
const abroadFactor = 1.8
const shipmentsMax = 1_000

function priceCents(service: keyof typeof services, { from, to, weightKg }: z.output<typeof wanted>): number {
  const { baseCents, perKgCents } = services[service]
  return Math.ceil((baseCents + perKgCents * weightKg) * (from === to ? 1 : abroadFactor))
}

export function startFreight(port: number): Promise<Server> {
  const shipments = new Map<string, object>()
  return serve(
    [
      {
        method: 'GET',
        path: '/rates',
        answer: ({ query }) => {
          const parcel = wanted.parse(Object.fromEntries(query))
          const rates = (['economy', 'express'] as const).map((service) => ({
            service,
            days: services[service].days + (parcel.from === parcel.to ? 0 : 1),
            priceCents: priceCents(service, parcel),
          }))
          return { body: { ...parcel, rates } }
        },
      },
      {
        method: 'POST',
        path: '/shipments',
        answer: ({ body }) => {
          const parcel = shipment.parse(body)
          const made = {
            id: randomUUID(),
            ...parcel,
            priceCents: priceCents(parcel.service, parcel),
            status: 'announced',
            createdAt: new Date().toISOString(),
          }
          shipments.set(made.id, made)
          for (const oldest of shipments.keys()) {
            if (shipments.size <= shipmentsMax) break
            shipments.delete(oldest)
          }
          return { status: 201, body: made }
        },
      },
      {
        method: 'GET',
        path: '/shipments/{shipmentId}',
        answer: ({ params }) => {
          const found = shipments.get(params['shipmentId'] ?? '')
          if (!found) throw new Refused(404, `there is no shipment ${params['shipmentId']}`)
          return { body: found }
        },
      },
    ],
    port,
  )
}
