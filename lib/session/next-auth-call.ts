import type { NextApiRequest, NextApiResponse } from 'next'
import type NextAuth from 'next-auth'
import type { AuthOptions } from 'next-auth'

export interface NextAuthCall {
  method: 'GET' | 'POST'
  action: string[]
  query: Record<string, string>
  body: Record<string, string>
  cookies: Record<string, string>
}

export interface NextAuthAnswer {
  location: string | null
  cookies: string[]
}

/**
 * Calls next-auth as a function. Its handler for route files reads Next's request context; this one needs
 * none, so the same code runs in the portal and in tests.
 */
export async function callNextAuth(
  nextAuth: typeof NextAuth,
  options: AuthOptions,
  { action, query, ...rest }: NextAuthCall,
): Promise<NextAuthAnswer> {
  const headers = new Map<string, string | string[]>()
  const response = {
    status: () => response,
    setHeader: (name: string, value: string | string[]) => {
      headers.set(name.toLowerCase(), value)
      return response
    },
    getHeader: (name: string) => headers.get(name.toLowerCase()),
    json: () => undefined,
    send: () => undefined,
    end: () => undefined,
  }
  const request = { ...rest, headers: {}, query: { ...query, nextauth: action } }
  // next-auth touches only the members that are made above.
  await nextAuth(request as unknown as NextApiRequest, response as unknown as NextApiResponse, options)
  const cookies = [headers.get('set-cookie') ?? []].flat()
  const location = headers.get('location')
  return { location: typeof location === 'string' ? location : null, cookies }
}
