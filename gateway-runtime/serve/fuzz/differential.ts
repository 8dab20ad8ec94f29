/**
 * Differential fuzzing of the codec: `node --expose-internals differential.ts SECONDS SEED`. Whatever our parser
 * accepts, Node's llhttp must accept as the same message, and no way to split the bytes may change the outcome.
 * Prints one JSON summary; exits with 1 on any finding.
 */
import { Chance, requestSeeds, responseSeeds, split, spoil } from './inputs.ts'
import { type Message, readByLlhttp, type Reading } from './llhttp.ts'
import { readByOurs } from './ours.ts'

const BATCH = 500
const FINDINGS_SHOWN_MAX = 20

const seconds = Number(process.argv[2] ?? 60)
const seed = Number(process.argv[3] ?? 1)
const chance = new Chance(seed)
const endMs = performance.now() + seconds * 1000

const counts = { inputs: 0, accepted: 0, refused: 0, incomplete: 0, llhttpAcceptsMore: 0 }
const findings: { kind: string; bytes: string; ours: unknown; theirs: unknown }[] = []
let acceptsMore = 0
let splitDiffers = 0

while (performance.now() < endMs) for (let i = 0; i < BATCH; i++) tryOne()

console.log(
  JSON.stringify({ seconds, seed, node: process.version, ...counts, acceptsMore, splitDiffers, findings }),
)
process.exitCode = acceptsMore + splitDiffers > 0 || counts.accepted === 0 ? 1 : 0

function tryOne(): void {
  const isResponse = chance.below(3) === 0
  const seeds = isResponse ? responseSeeds : requestSeeds
  const spoiled = spoil(chance.pick(seeds), seeds, chance)
  const text = chance.below(3) === 0 ? spoiled + chance.pick(seeds) : spoiled
  const bytes = Buffer.from(text, 'latin1')
  const ours = readByOurs(isResponse, [bytes])
  const theirs = readByLlhttp(isResponse, bytes)
  counts.inputs++
  if (ours.state.startsWith('error')) counts.refused++
  else if (ours.messages.length > 0) counts.accepted++
  else counts.incomplete++
  if (theirs.messages.length > ours.messages.length) counts.llhttpAcceptsMore++
  compareSplits(isResponse, bytes, ours)
  compareMessages(text, ours, theirs)
}

function compareSplits(isResponse: boolean, bytes: Buffer, whole: Reading): void {
  const inParts = readByOurs(isResponse, split(bytes, chance))
  if (JSON.stringify(whole) === JSON.stringify(inParts)) return
  splitDiffers++
  note('split', bytes.toString('latin1'), whole, inParts)
}

function compareMessages(text: string, ours: Reading, theirs: Reading): void {
  for (const [index, message] of ours.messages.entries()) {
    const other = theirs.messages[index]
    if (other !== undefined && isSame(message, other)) continue
    acceptsMore++
    note('accepts more', text, message, other ?? theirs.state)
    return
  }
}

function isSame(ours: Message, theirs: Message): boolean {
  // Ours turns absolute-form into origin-form while it parses.
  const line = theirs.line.replace(/^(\S+) https?:\/\/[^/?]*/i, '$1 ')
  return (
    ours.line === line && ours.body === theirs.body && ours.headers.join('\0') === theirs.headers.join('\0')
  )
}

function note(kind: string, bytes: string, ours: unknown, theirs: unknown): void {
  if (findings.length < FINDINGS_SHOWN_MAX) findings.push({ kind, bytes, ours, theirs })
}
