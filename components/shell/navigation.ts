import {
  Activity,
  Boxes,
  Braces,
  ClipboardCheck,
  Cog,
  LayoutDashboard,
  type LucideIcon,
  Server,
  ShieldCheck,
  Waypoints,
} from 'lucide-react'
import type { Permission } from '#domain/access.ts'

export interface NavigationPage {
  href: string
  label: string
  icon: LucideIcon
  /** Keys that lead there, one after the other. */
  keys: readonly [string, string]
  permission: Permission
  /** Pages beside it that its tabs lead to. */
  beside?: readonly string[]
}

export interface NavigationGroup {
  label: string | null
  pages: readonly NavigationPage[]
}

/** The pages by what people come to do. Only what exists stands here. */
export const navigation: readonly NavigationGroup[] = [
  {
    label: null,
    pages: [
      {
        href: '/',
        label: 'Overview',
        icon: LayoutDashboard,
        keys: ['g', 'o'],
        permission: 'organisation.read',
      },
    ],
  },
  {
    label: 'Build',
    pages: [
      { href: '/catalog', label: 'Catalog', icon: Boxes, keys: ['g', 'c'], permission: 'apis.read' },
      {
        href: '/api-docs',
        label: 'REST interface',
        icon: Braces,
        keys: ['g', 'r'],
        permission: 'organisation.read',
      },
    ],
  },
  {
    label: 'Trust',
    pages: [
      {
        href: '/topology',
        label: 'Topology',
        icon: Waypoints,
        keys: ['g', 't'],
        permission: 'topology.read',
      },
      {
        href: '/certificates',
        beside: ['/authorities', '/contexts'],
        label: 'Certificates',
        icon: ShieldCheck,
        keys: ['g', 'x'],
        permission: 'trust.read',
      },
      {
        href: '/reviews',
        label: 'Reviews',
        icon: ClipboardCheck,
        keys: ['g', 'v'],
        permission: 'reviews.read',
      },
    ],
  },
  {
    label: 'Run',
    pages: [
      { href: '/gateways', label: 'Gateways', icon: Server, keys: ['g', 'g'], permission: 'gateways.read' },
      {
        href: '/deployments',
        label: 'Deployments',
        icon: Activity,
        keys: ['g', 'd'],
        permission: 'revisions.read',
      },
    ],
  },
]

export const settingsPage: NavigationPage = {
  href: '/settings',
  label: 'Settings',
  icon: Cog,
  keys: ['g', 's'],
  permission: 'organisation.read',
}

export const allPages: readonly NavigationPage[] = [
  ...navigation.flatMap((group) => group.pages),
  settingsPage,
]
