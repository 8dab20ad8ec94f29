'use client'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { ProblemError } from './problem-error.ts'

/** The one place that decides how long data is fresh and what is asked again. */
function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // The socket says when something changed; until then what was read may stand.
        staleTime: 30_000,
        refetchOnWindowFocus: true,
        retry: (failures, error) => failures < 2 && mayHelp(error),
      },
      mutations: { retry: false },
    },
  })
}

// A refusal stays a refusal however often it is asked; only what was out of reach is worth another try.
function mayHelp(error: Error): boolean {
  return !(error instanceof ProblemError) || error.status === 0 || error.status >= 500
}

export function QueryProvider({ children }: { children: ReactNode }) {
  const [client] = useState(makeQueryClient)
  return <QueryClientProvider client={client}>{children}</QueryClientProvider>
}
