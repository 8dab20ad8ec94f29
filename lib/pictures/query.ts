import { z } from 'zod'
import {
  expiringDays,
  type FlowFilter,
  flowShows,
  noFilter,
  severityWord,
  useCaseNumber,
} from '#diagram/filter.ts'
import { readSelection, type Selection } from '#diagram/highlight.ts'
import { themes } from '#diagram/picture/palette.ts'
import { momentInput } from '#domain/moment.ts'
import { owners } from '#domain/party.ts'
import { formats } from './draw.ts'

/** What may be asked of the topology that leaves the portal: which moment, and which flows stand out. */

const name = z.string().min(1).max(200)
const selection = z
  .string()
  .max(300)
  .refine((text) => readSelection(text) !== null, 'must be a kind and an id, like party:… or api:…')

const moment = { at: momentInput.optional().describe('Now, with drafts, where it is not given') }
const compared = {
  from: momentInput.optional().describe('What it is compared with: differences are drawn, and told in words'),
}
const flows = {
  useCase: useCaseNumber.optional(),
  findings: severityWord.optional().describe('Flows with open findings of this severity'),
  environment: name.optional().describe('Flows through gateways of this environment'),
  owner: z.enum(owners).optional().describe('Flows with an end that belongs to them'),
  team: name.optional().describe('Flows with an end that this team answers for'),
  expiring: z.coerce
    .number()
    .pipe(z.literal(expiringDays))
    .optional()
    .describe('Flows over legs whose certificates end within so many days'),
  show: z.enum(flowShows).optional().describe('Flows with such a leg or caller'),
  search: name.optional().describe('Part of a name'),
  focus: selection
    .optional()
    .describe('Flows around this: flow, party, api, gateway, network or leg, a colon, and its id'),
}

export const documentQuery = z.strictObject(moment)
export const comparisonQuery = z.strictObject({ from: momentInput.optional(), to: momentInput.optional() })
export const tableQuery = z.strictObject({
  ...moment,
  ...flows,
  focus: flows.focus.refine(isApi, 'must be api:…'),
})
export const pictureQuery = z.strictObject({
  ...moment,
  ...compared,
  ...flows,
  format: z.enum(formats).default('svg'),
  theme: z.enum(themes).default('light'),
})

function isApi(focus: string | undefined): boolean {
  return focus === undefined || readSelection(focus)?.kind === 'api'
}

type Asked = Omit<z.output<typeof tableQuery>, 'at'>

/** An API in focus goes with other filters; whatever else is in focus is looked at alone. */
export function lookedAt(asked: Asked): FlowFilter & { selection: Selection | null } {
  const { useCase, findings, environment, owner, team, expiring, show, search, focus } = asked
  const chosen = focus === undefined ? null : readSelection(focus)
  const isFilter = chosen?.kind === 'api'
  return {
    ...noFilter,
    useCase: useCase ?? null,
    severity: findings ?? null,
    environment: environment ?? null,
    owner: owner ?? null,
    team: team ?? null,
    expiring: expiring ?? null,
    show: show ?? null,
    search: search ?? '',
    focus: isFilter ? chosen.id : null,
    selection: isFilter ? null : chosen,
  }
}
