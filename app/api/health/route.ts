import { readHealth } from '#lib/health.ts'

export const dynamic = 'force-dynamic'

export async function GET(): Promise<Response> {
  const health = await readHealth()
  const headers = { 'cache-control': 'no-store', ...(health.status === 'ok' ? {} : { 'retry-after': '5' }) }
  return Response.json(health, { status: health.status === 'ok' ? 200 : 503, headers })
}
