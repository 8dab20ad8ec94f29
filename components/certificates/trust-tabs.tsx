import { type LinkTab, LinkTabs } from '../ui/tabs.tsx'

/** Where one goes from any page of trust to its neighbours. */
const tabs: readonly LinkTab[] = [
  { href: '/certificates', label: 'Certificates' },
  { href: '/authorities', label: 'CAs' },
  { href: '/contexts', label: 'Contexts' },
]

/** Certificates, the CAs that issue them, and the contexts that show them. */
export function TrustTabs() {
  return <LinkTabs label="Trust" tabs={tabs} />
}
