'use client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { InstanceConsumer, InstanceView } from '#domain/catalog.ts'
import { asProblem } from '../shell/problem-error.ts'
import { Select } from '../ui/select.tsx'
import { toastProblem } from '../ui/toast.tsx'
import { apiQueries, setTier } from './queries.ts'

const none = 'none'

/** Under which of the API's tiers a consumer is. It holds at once. */
export function TierChoice({
  instance,
  consumer,
  readOnly,
}: {
  instance: InstanceView
  consumer: InstanceConsumer
  readOnly: boolean
}) {
  const client = useQueryClient()
  const choice = useMutation({
    mutationFn: (tier: string) => setTier(instance.id, consumer.id, tier === none ? null : tier),
    onSuccess: () => client.invalidateQueries({ queryKey: apiQueries.all }),
    onError: (error: Error) => toastProblem(asProblem(error)),
  })
  return (
    <Select
      aria-label={`Tier of ${consumer.name}`}
      value={consumer.tier ?? none}
      onValueChange={(tier) => choice.mutate(tier)}
      options={[
        { value: none, label: 'No tier' },
        ...instance.routing.tiers.map(({ name }) => ({ value: name, label: name })),
      ]}
      disabled={readOnly || choice.isPending}
    />
  )
}
