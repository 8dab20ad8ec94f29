'use client'
import { useQuery } from '@tanstack/react-query'
import { Command } from 'cmdk'
import { Boxes, Plus, Search, Server, ShieldCheck } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { Dialog as Radix } from 'radix-ui'
import { type ComponentProps, type ReactNode, useState } from 'react'
import { entryHref } from '#domain/expiry.ts'
import { sourceText } from '../certificates/looks.ts'
import { certificateQueries } from '../certificates/queries.ts'
import { Kbd } from '../ui/kbd.tsx'
import { scrim } from '../ui/overlay.tsx'
import { allPages } from './navigation.ts'
import { asProblem } from './problem-error.ts'
import { searchQueries } from './search-queries.ts'
import { useMay, useShell } from './shell-context.tsx'
import { useDebounced } from './use-debounced.ts'

interface Props {
  open: boolean
  onOpenChange: (open: boolean) => void
}

/** One box over pages, APIs, certificates, gateways and actions. */
export function CommandPalette({ open, onOpenChange }: Props) {
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className={scrim} />
        <Radix.Content
          aria-describedby={undefined}
          className="fixed top-[12vh] left-1/2 z-[1101] w-[min(560px,calc(100vw-24px))] -translate-x-1/2 animate-enter overflow-hidden rounded-xl border border-line-2 bg-panel shadow-overlay"
        >
          <Radix.Title className="sr-only">Search</Radix.Title>
          <Palette close={() => onOpenChange(false)} />
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}

function Palette({ close }: { close: () => void }) {
  const router = useRouter()
  const { account } = useShell()
  const mayImport = useMay('apis.write')
  const mayAddGateway = useMay('gateways.write')
  const [words, setWords] = useState('')
  const apis = useQuery(searchQueries.apis(useDebounced(words.trim(), 150)))
  const gateways = useQuery(searchQueries.gateways())
  const go = (href: string) => () => {
    close()
    router.push(href)
  }
  const ends = useQuery({ ...certificateQueries.expiries(), enabled: useMay('trust.read') })
  const failed = apis.error ?? gateways.error ?? ends.error
  return (
    <Command label="Search" loop>
      <div className="flex items-center gap-2 border-b border-line px-3.5">
        <Search aria-hidden className="size-4 text-ink-3" />
        <Command.Input
          autoFocus
          value={words}
          onValueChange={setWords}
          placeholder="Search APIs, gateways, pages"
          className="h-11 min-w-0 flex-1 bg-transparent text-base outline-none"
        />
        <Kbd>Esc</Kbd>
      </div>
      <Command.List className="max-h-[50vh] overflow-y-auto p-1.5">
        <Command.Empty className="px-3 py-8 text-center text-sm text-ink-3">
          Nothing has that name.
        </Command.Empty>
        {failed && <p className="px-2 py-2 text-xs text-err">{asProblem(failed).message}</p>}
        <Group heading="Pages">
          {allPages
            .filter((page) => account.permissions.includes(page.permission))
            .map(({ href, label, icon: Icon }) => (
              <Item key={href} value={`page ${label}`} onSelect={go(href)} icon={<Icon aria-hidden />}>
                {label}
              </Item>
            ))}
        </Group>
        {(mayImport || mayAddGateway) && (
          <Group heading="Actions">
            {mayImport && (
              <Item value="action import api" onSelect={go('/catalog/import')} icon={<Plus aria-hidden />}>
                Import an API
              </Item>
            )}
            {mayAddGateway && (
              <Item value="action add gateway node" onSelect={go('/gateways')} icon={<Plus aria-hidden />}>
                Add a gateway node
              </Item>
            )}
          </Group>
        )}
        <Group heading="APIs">
          {apis.data?.map((api) => (
            <Item
              key={api.id}
              value={`api ${api.title} ${api.name} ${api.id}`}
              onSelect={go(`/catalog/${api.id}`)}
              icon={<Boxes aria-hidden />}
              hint={api.name}
            >
              {api.title}
            </Item>
          ))}
        </Group>
        <Group heading="Certificates">
          {ends.data?.entries.map((entry) => (
            <Item
              key={entry.id}
              value={`certificate ${entry.about.name} ${entry.ends?.names.join(' ')} ${entry.id}`}
              onSelect={go(entryHref(entry))}
              icon={<ShieldCheck aria-hidden />}
              hint={sourceText(entry)}
            >
              {entry.about.name}
            </Item>
          ))}
        </Group>
        <Group heading="Gateways">
          {gateways.data?.map((gateway) => (
            <Item
              key={gateway.id}
              value={`gateway ${gateway.name} ${gateway.id}`}
              onSelect={go(`/gateways/${gateway.id}`)}
              icon={<Server aria-hidden />}
            >
              {gateway.name}
            </Item>
          ))}
        </Group>
      </Command.List>
    </Command>
  )
}

function Group(props: ComponentProps<typeof Command.Group>) {
  return (
    <Command.Group
      {...props}
      className="[&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-2xs [&_[cmdk-group-heading]]:text-ink-3"
    />
  )
}

interface ItemProps {
  value: string
  onSelect: () => void
  icon: ReactNode
  hint?: string
  children: ReactNode
}

function Item({ value, onSelect, icon, hint, children }: ItemProps) {
  return (
    <Command.Item
      value={value}
      onSelect={onSelect}
      className="flex h-8.5 cursor-default items-center gap-2.5 rounded-md px-2 text-sm data-[selected=true]:bg-accent-soft data-[selected=true]:text-accent [&_svg]:size-3.75 [&_svg]:text-ink-3"
    >
      {icon}
      <span className="flex-1 truncate">{children}</span>
      {hint && <span className="truncate font-mono text-xs text-ink-3">{hint}</span>}
    </Command.Item>
  )
}
