import Link from 'next/link'
import { type GatewayTrouble, troublesInWords } from '#domain/gateway-reports.ts'
import { ChipButton } from '../ui/chip.tsx'
import { gatewayHref } from './address.ts'

/** What of a gateway needs somebody, each leading to where it is seen. */
export function TroubleChips({ gateway }: { gateway: { id: string; trouble: GatewayTrouble } }) {
  return troublesInWords(gateway.trouble).map(({ text, isUrgent, part }) => (
    <ChipButton key={text} asChild tone={isUrgent ? 'err' : 'warn'}>
      <Link href={gatewayHref(gateway.id, part)}>{text}</Link>
    </ChipButton>
  ))
}
