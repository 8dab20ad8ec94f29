'use client'
import { useMutation } from '@tanstack/react-query'
import { Share2 } from 'lucide-react'
import { useState } from 'react'
import type { FlowFilter } from '#diagram/filter.ts'
import { type Theme, themes } from '#diagram/picture/palette.ts'
import { getFile } from '../shell/api.ts'
import { asProblem } from '../shell/problem-error.ts'
import { Button } from '../ui/button.tsx'
import { copyText } from '../ui/copy-text.ts'
import { keep } from '../ui/keep-file.ts'
import {
  Menu,
  MenuContent,
  MenuItem,
  MenuLabel,
  MenuRadioGroup,
  MenuRadioItem,
  MenuSeparator,
  MenuTrigger,
} from '../ui/menu.tsx'
import { toast, toastProblem } from '../ui/toast.tsx'
import type { When } from './history/when.ts'

const pictures = [
  { format: 'png', label: 'PNG', hint: 'for documents' },
  { format: 'svg', label: 'SVG', hint: 'sharp at any size' },
  { format: 'pdf', label: 'PDF', hint: 'to print' },
] as const

const themeLabel: Record<Theme, string> = { light: 'Light', dark: 'Dark' }

/** Takes the whole topology along: as a picture, as data, as evidence, or as a link to what is looked at. */
export function ShareMenu({ filter, when }: { filter: FlowFilter; when: When }) {
  const [theme, setTheme] = useState<Theme>('light')
  const fetching = useMutation({
    mutationFn: (path: string) => getFile(path),
    onSuccess: ({ content, name }) => {
      keep(content, name)
      toast.success('Saved', { description: name })
    },
    onError: (error) => toastProblem(asProblem(error)),
  })
  const { compare } = when
  const at = compare ? compare.to : when.at
  const query = queryOf(filter, at)
  const compared = compare ? { from: compare.from } : undefined
  const ofMoment = searchOf({ at, ...compared })
  return (
    <Menu>
      <MenuTrigger asChild>
        <Button busy={fetching.isPending}>
          <Share2 aria-hidden />
          Share
        </Button>
      </MenuTrigger>
      <MenuContent className="min-w-64">
        <MenuLabel>{compare ? 'Picture with what differs' : 'Picture of the whole topology'}</MenuLabel>
        {pictures.map(({ format, label, hint }) => (
          <Entry
            key={format}
            label={label}
            hint={hint}
            onSelect={() => fetching.mutate(`/topology/picture?${query({ format, theme, ...compared })}`)}
          />
        ))}
        <MenuLabel>Its colours</MenuLabel>
        <MenuRadioGroup
          value={theme}
          onValueChange={(value) => setTheme(value === 'dark' ? 'dark' : 'light')}
        >
          {themes.map((each) => (
            // The menu stays: a theme is chosen before a format.
            <MenuRadioItem key={each} value={each} onSelect={(event) => event.preventDefault()}>
              {themeLabel[each]}
            </MenuRadioItem>
          ))}
        </MenuRadioGroup>
        <MenuSeparator />
        <MenuLabel>Data</MenuLabel>
        <Entry
          label="Flows as CSV"
          hint={compare ? 'of the later moment' : 'a row each'}
          onSelect={() => fetching.mutate(`/topology/flows?${query({})}`)}
        />
        <Entry
          label={compare ? 'Comparison as JSON' : 'Topology as JSON'}
          hint="with its hash"
          onSelect={() =>
            fetching.mutate(
              compare
                ? `/topology/comparison/document${searchOf({ ...compare })}`
                : `/topology/document${ofMoment}`,
            )
          }
        />
        <Entry
          label="Evidence pack"
          hint={evidenceHint(when)}
          onSelect={() => fetching.mutate(`/topology/evidence${ofMoment}`)}
        />
        <MenuSeparator />
        <Entry label="Copy link" hint="to this view" onSelect={() => void copyLink()} />
      </MenuContent>
      <span className="sr-only" role="status">
        {fetching.isPending ? 'The file is being made' : ''}
      </span>
    </Menu>
  )
}

function Entry({ label, hint, onSelect }: { label: string; hint: string; onSelect: () => void }) {
  return (
    <MenuItem onSelect={onSelect}>
      {label}
      <span className="ml-auto pl-4 text-2xs text-ink-3">{hint}</span>
    </MenuItem>
  )
}

function evidenceHint({ at, compare }: When): string {
  if (compare) return 'with what differs, as ZIP'
  return at === null ? 'what is deployed, as ZIP' : 'of this moment, as ZIP'
}

/** Empty where nothing is asked. */
function searchOf(asked: Readonly<Record<string, string | null | undefined>>): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(asked)) if (value) search.set(name, value)
  return search.size > 0 ? `?${search}` : ''
}

function queryOf(filter: FlowFilter, at: string | null) {
  const { useCase, severity, environment, owner, team, expiring, show, focus, search } = filter
  const asked = {
    at,
    useCase,
    findings: severity,
    environment,
    owner,
    team,
    expiring,
    show,
    focus: focus && `api:${focus}`,
    search,
  }
  return (more: Record<string, string>): string => {
    const query = new URLSearchParams(more)
    for (const [name, value] of Object.entries(asked)) if (value) query.set(name, String(value))
    return query.toString()
  }
}

async function copyLink(): Promise<void> {
  const address = window.location.href
  if (await copyText(address)) toast.success('Link copied', { description: address })
  else toast.error('The link could not be copied', { description: `Copy it by hand: ${address}` })
}
