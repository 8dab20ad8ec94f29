'use client'
import { useQuery } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { useMay } from '../../shell/shell-context.tsx'
import { reviewQueries } from '../../reviews/queries.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog, DialogClose, DialogContent } from '../../ui/dialog.tsx'
import { Field } from '../../ui/field.tsx'
import { Menu, MenuContent, MenuItem, MenuLabel, MenuSeparator, MenuTrigger } from '../../ui/menu.tsx'
import { Select } from '../../ui/select.tsx'
import { historyQueries } from './history-queries.ts'
import type { Compared } from './when.ts'

interface Props {
  onCompare: (compare: Compared) => void
}

/** What to compare: since the last sign-off at one click, drafts, the last deployment, or any two moments. */
export function CompareMenu({ onCompare }: Props) {
  const [choosing, setChoosing] = useState(false)
  return (
    <>
      <Menu>
        <MenuTrigger asChild>
          <Button>Compare</Button>
        </MenuTrigger>
        <MenuContent className="w-72">
          <MenuEntries onCompare={onCompare} onChoose={() => setChoosing(true)} />
        </MenuContent>
      </Menu>
      <Dialog open={choosing} onOpenChange={setChoosing}>
        {choosing && (
          <TwoMoments
            onCompare={(compare) => {
              setChoosing(false)
              onCompare(compare)
            }}
          />
        )}
      </Dialog>
    </>
  )
}

function MenuEntries({ onCompare, onChoose }: Props & { onChoose: () => void }) {
  const mayRead = useMay('reviews.read')
  const { data: standings = [] } = useQuery({ ...reviewQueries.standings(), enabled: mayRead })
  const signed = standings.flatMap(({ last, gatewayName }) => (last ? [{ last, gatewayName }] : []))
  const deployed = standings.filter(({ revision }) => revision > 1)
  return (
    <>
      <MenuLabel>What changed since the last sign-off</MenuLabel>
      {signed.map(({ last, gatewayName }) => (
        <MenuItem key={last.id} onSelect={() => onCompare({ from: `sign-off:${last.id}`, to: 'deployed' })}>
          <span className="min-w-0">
            {last.revision === null
              ? `Draft of ${gatewayName}`
              : `Revision ${last.revision} of ${gatewayName}`}
            <span className="block truncate text-xs text-ink-3">signed off by {last.by}</span>
          </span>
        </MenuItem>
      ))}
      {signed.length === 0 && <MenuItem disabled>Nothing was signed off yet</MenuItem>}
      <MenuSeparator />
      <MenuItem onSelect={() => onCompare({ from: 'deployed', to: 'draft' })}>
        Drafts with what is deployed
      </MenuItem>
      {deployed.map(({ gatewayId, gatewayName, revision }) => (
        <MenuItem
          key={gatewayId}
          onSelect={() =>
            onCompare({ from: `${gatewayName}@${revision - 1}`, to: `${gatewayName}@${revision}` })
          }
        >
          Revisions {revision - 1} and {revision} of {gatewayName}
        </MenuItem>
      ))}
      <MenuSeparator />
      <MenuItem onSelect={onChoose}>Choose two moments…</MenuItem>
    </>
  )
}

function TwoMoments({ onCompare }: Props) {
  const form = useId()
  const [from, setFrom] = useState('deployed')
  const [to, setTo] = useState('draft')
  const { data } = useQuery(historyQueries.moments())
  const options = [
    { value: 'draft', label: 'Now, with drafts' },
    { value: 'deployed', label: 'Now, as deployed' },
    ...(data?.choices ?? []).map(({ moment, label, note, isKept }) => ({
      value: moment,
      label,
      ...(note || !isKept ? { hint: isKept ? note : 'what stood around it was not kept' } : {}),
      disabled: !isKept,
    })),
  ]
  return (
    <DialogContent
      title="Compare two moments"
      description="Legs that came, went, or are trusted otherwise are marked on the map."
      size="sm"
      footer={
        <>
          <DialogClose asChild>
            <Button>Cancel</Button>
          </DialogClose>
          <Button type="submit" form={form} variant="primary" disabled={from === to}>
            Compare
          </Button>
        </>
      }
    >
      <form
        id={form}
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault()
          onCompare({ from, to })
        }}
      >
        <Field label="From">
          {(control) => <Select {...control} value={from} onValueChange={setFrom} options={options} />}
        </Field>
        <Field label="To" {...(from === to ? { error: 'Choose another moment.' } : {})}>
          {(control) => <Select {...control} value={to} onValueChange={setTo} options={options} />}
        </Field>
      </form>
    </DialogContent>
  )
}
