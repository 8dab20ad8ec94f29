import { strToU8, zipSync } from 'fflate'
import { canonicalJson, type SignedManifest } from '#contract/manifest.ts'
import { noFilter } from '#diagram/filter.ts'
import { findingsCsv } from '#diagram/findings-csv.ts'
import { flowsCsv } from '#diagram/flows-csv.ts'
import { modelOf } from '#diagram/model.ts'
import { ascending } from '#domain/listing.ts'
import { type SignOff, stands } from '#domain/sign-off.ts'
import type { ComparisonDocument, TopologyDocument } from '#domain/topology-document.ts'
import type { Drawn } from './draw.ts'
import { sha256 } from './sha256.ts'

/** A gateway's revision as its nodes got it, with what its signature is checked against. */
export interface EvidenceRevision {
  readonly gatewayName: string
  readonly signed: SignedManifest
  /** PEM; null where the key is no longer known. */
  readonly publicKey: string | null
  readonly by: string
}

export interface Evidence {
  readonly document: TopologyDocument
  /** What differs from another moment, which the pictures show too; null where none is compared. */
  readonly comparison: ComparisonDocument | null
  readonly pictures: Required<Pick<Drawn, 'svg' | 'pdf'>>
  readonly revisions: readonly EvidenceRevision[]
  /** Those of any hash; which of them count for a revision is said here. */
  readonly signOffs: readonly SignOff[]
  /** What it is of, in words. */
  readonly moment: string
  readonly asOf: Date
}

/** What a reviewer takes along, as a ZIP: equal evidence is equal bytes, and every file is named with its hash. */
export function evidencePack(evidence: Evidence): Uint8Array<ArrayBuffer> {
  const contents = new Map(Object.entries(contentsOf(evidence)))
  contents.set('manifest.json', strToU8(canonicalJson(manifestOf(evidence, hashesOf(contents)))))
  contents.set('SHA256SUMS', strToU8(sums(hashesOf(contents))))
  const files = Object.fromEntries(inOrder(contents))
  // A ZIP's times are local ones, from 1980 on: the first of them is the same bytes in every zone.
  return new Uint8Array(zipSync(files, { level: 9, mtime: new Date(1980, 0, 1) }))
}

type Contents = ReadonlyMap<string, Uint8Array>

function contentsOf({
  document,
  comparison,
  pictures,
  revisions,
  signOffs,
}: Evidence): Record<string, Uint8Array> {
  const { topology } = document
  const { contexts, authorities, certificates } = topology
  return {
    'README.txt': strToU8(readme),
    'topology.svg': pictures.svg,
    'topology.pdf': pictures.pdf,
    'topology.json': strToU8(canonicalJson(document)),
    ...(comparison && { 'comparison.json': strToU8(canonicalJson(comparison)) }),
    'flows.csv': strToU8(flowsCsv(modelOf(topology), noFilter)),
    'findings.csv': strToU8(findingsCsv(topology)),
    'certificates.json': strToU8(canonicalJson({ contexts, authorities, certificates })),
    'sign-offs.json': strToU8(
      canonicalJson({ signOffs: signOffs.toSorted((a, b) => ascending(a.id, b.id)) }),
    ),
    ...Object.fromEntries(
      revisions.map(({ gatewayName, signed, publicKey, by }) => [
        `revisions/${gatewayName}@${signed.manifest.revision}.json`,
        strToU8(canonicalJson({ ...signed, publicKey, by })),
      ]),
    ),
  }
}

function manifestOf(
  { document, comparison, revisions, signOffs, moment, asOf }: Evidence,
  files: Readonly<Record<string, string>>,
) {
  return {
    format: 'hexgate-evidence/1',
    organisation: document.organisation,
    of: moment,
    asOf: asOf.toISOString(),
    topologyHash: document.hash,
    comparedWith: comparison && {
      moment: comparison.comparison.from.moment,
      of: comparison.comparison.from.label,
      comparisonHash: comparison.hash,
    },
    files,
    revisions: revisions
      .map(({ gatewayName, signed: { manifest }, by }) => {
        const signOff = signOffs.find(
          (each) => each.gatewayId === manifest.gatewayId && each.hash === manifest.hash && stands(each),
        )
        return {
          gateway: gatewayName,
          revision: manifest.revision,
          /** Equal hashes mean equal configuration. */
          hash: manifest.hash,
          manifestSha256: sha256(canonicalJson(manifest)),
          publishedAt: manifest.publishedAt,
          publishedBy: by,
          signedOff: signOff ? { by: signOff.by, at: signOff.at, note: signOff.note } : null,
        }
      })
      .toSorted((a, b) => ascending(a.gateway, b.gateway)),
  }
}

function hashesOf(contents: Contents): Record<string, string> {
  return Object.fromEntries(inOrder(contents).map(([name, content]) => [name, sha256(content)]))
}

function inOrder(contents: Contents): [string, Uint8Array][] {
  return [...contents].toSorted(([a], [b]) => ascending(a, b))
}

/** As `sha256sum -c` takes it. */
function sums(hashes: Readonly<Record<string, string>>): string {
  return Object.entries(hashes)
    .map(([name, hash]) => `${hash}  ${name}\n`)
    .join('')
}

const readme = `What is in here

topology.svg, topology.pdf   the whole topology as a picture
topology.json                the same as data, with every leg and finding; "hash" is the SHA-256 of the
                             canonical JSON (RFC 8785) of "topology"
comparison.json              only of two moments that are compared: both in one, and what differs; the pictures
                             show it too
flows.csv, findings.csv      the same as tables; accepted findings name who answers for them, and until when
certificates.json            mTLS contexts, CAs and certificates: what they say of themselves, never a key
revisions/                   what each gateway is to serve: items by hash, with the Ed25519 signature over the
                             canonical JSON of "manifest" and the public key that checks it
sign-offs.json               who answers for which configuration, and what was said against it
manifest.json                the hash of each file above, and of each revision whether it was signed off

To see that nothing was changed on the way:

  sha256sum -c SHA256SUMS
`
