import type { z } from 'zod'
import {
  type Acknowledgement,
  acknowledgement,
  type Command,
  type Config,
  type ConfigDelta,
  commandAnswer,
  deltaAnswer,
  deltaCapability,
  type Hello,
  type itemsGiven,
  type itemsWanted,
  type Report,
} from '#contract/events.ts'
import {
  keepsCertificates,
  type KeptOrder,
  type KeptOrdersAnswer,
  type SigningAnswer,
  type SigningRequest,
} from '#contract/kept-certificates.ts'
import type { Hashes, Manifest } from '#contract/manifest.ts'
import { announceChange } from '../changes.ts'
import { db, transaction } from '../db.ts'
import { settle, takeCommands } from '../gateways/commands.ts'
import { log } from '../log.ts'
import { noteFaults, ordersFor } from '../trust/kept-orders.ts'
import { answerRequest } from '../trust/kept-signing.ts'
import { KeptReport } from './kept-report.ts'
import { manifestIn } from '../publish/manifests.ts'
import { noteSeen } from './observed.ts'
import { noteWatch, type Watch, watchOf } from './watched.ts'
import { type Head, hashesBehind, headOf, itemsWithin, offer, offerDelta, type Served } from './offer.ts'

export interface NodeIdentity extends Served {
  nodeId: string
  keyId: string
}

/** Says something to the node and waits for its answer; rejects when none comes in time. */
export interface Wire {
  config(config: Config): Promise<unknown>
  delta(delta: ConfigDelta): Promise<unknown>
  command(command: Command): Promise<unknown>
  certificates(orders: KeptOrder[]): Promise<KeptOrdersAnswer>
}

const retryMsMin = 500
const retryMsMax = 15_000
const reportMsMin = 2_000

/** One connected node: what it has, what it serves, and the one push that may be under way. */
export class NodeLink {
  readonly identity: NodeIdentity
  readonly #wire: Wire
  readonly #kept = new KeptReport()
  #held: Hashes = {}
  #offered: Hashes = {}
  #takesDeltas = false
  #appliedHash: string | null = null
  #refusedRevision: number | null = null
  #unwritten: { answer: Acknowledgement; hash: string } | null = null
  #greeted = false
  #keeps = false
  /** What the node was told to keep last, as text; null before the first time. */
  #ordered: string | null = null
  #wanted = false
  #running = false
  #closed = false
  #attempts = 0
  #retry: NodeJS.Timeout | undefined
  #reportedAt = 0
  #isReporting = false
  /** What it watched by its last report. */
  #watch: Watch = null

  constructor(identity: NodeIdentity, wire: Wire) {
    this.identity = identity
    this.#wire = wire
  }

  /** Takes the node's greeting: who it is by now, and what it serves. */
  async greet(message: Hello): Promise<void> {
    const { nodeId, organisationId, gatewayId, keyId } = this.identity
    const { hostname, runtimeVersion, capabilities, appliedRevision, appliedHash } = message
    const now = new Date()
    await transaction(async (tx) => {
      await tx.node.updateMany({
        where: { id: nodeId, organisationId, gatewayId },
        data: {
          hostname,
          runtimeVersion,
          capabilities,
          appliedRevision,
          appliedHash,
          connectedAt: now,
          disconnectedAt: null,
          lastSeenAt: now,
        },
      })
      await tx.gatewayKey.updateMany({ where: { id: keyId, organisationId }, data: { lastUsedAt: now } })
      await announceChange(tx, organisationId, { topic: 'nodes', id: nodeId })
    })
    this.#held = appliedHash === null ? {} : await hashesBehind(this.identity, appliedHash)
    this.#appliedHash = appliedHash
    this.#takesDeltas = capabilities.includes(deltaCapability)
    this.#refusedRevision = null
    this.#keeps = capabilities.includes(keepsCertificates)
    this.#greeted = true
    this.sync()
    this.obey()
  }

  /** Sees to it that the node serves what it should; many calls at once make one push. */
  sync(): void {
    this.#wanted = true
    if (this.#greeted && !this.#running && !this.#closed) void this.#run()
  }

  async #run(): Promise<void> {
    this.#running = true
    clearTimeout(this.#retry)
    try {
      while (this.#wanted && !this.#closed) {
        this.#wanted = false
        await this.#bringUp()
      }
      this.#attempts = 0
    } catch (error) {
      this.#tryLater(error)
    } finally {
      this.#running = false
    }
  }

  #tryLater(error: unknown): void {
    if (this.#closed) return
    const delay = Math.min(retryMsMax, retryMsMin * 2 ** this.#attempts++) * (0.5 + Math.random() / 2)
    log.warn({ err: error, nodeId: this.identity.nodeId }, 'node not brought up to date; trying again')
    this.#wanted = true
    this.#retry = setTimeout(() => this.sync(), delay)
  }

  async #bringUp(): Promise<void> {
    await this.#writeDown()
    if (this.#keeps) await this.#order()
    const head = await headOf(this.identity)
    // Equal hashes mean equal configuration: not one byte of it has to travel.
    if (!head || head.hash === this.#appliedHash || head.number === this.#refusedRevision) return
    const manifest = await manifestIn(db(), head.id)
    const { hash, revision } = manifest
    this.#offered = manifest.items
    const answer = await this.#push(head, manifest)
    if (answer.revision !== revision || (answer.status === 'applied' && answer.hash !== hash)) {
      throw new Error(`the node answered about revision ${answer.revision}, asked about ${revision}`)
    }
    if (answer.status === 'applied') {
      this.#appliedHash = hash
      this.#held = this.#offered
      if (!answer.persisted) log.warn({ nodeId: this.identity.nodeId, revision }, 'applied, but not stored')
    } else {
      this.#refusedRevision = revision
    }
    this.#unwritten = { answer, hash }
    await this.#writeDown()
  }

  // Before any configuration: one that shows what the node has no key for yet would be refused.
  async #order(): Promise<void> {
    const orders = await ordersFor(this.identity)
    const text = JSON.stringify(orders)
    if (text === this.#ordered) return
    const answer = await this.#wire.certificates(orders)
    this.#ordered = text
    // What it refused for want of a certificate it may take now.
    this.#refusedRevision = null
    await noteFaults(this.identity, answer)
  }

  /** Answers a request of the node for a certificate that it keeps. */
  async sign(request: SigningRequest): Promise<SigningAnswer> {
    if (!this.#greeted) return { status: 'refused', reason: 'Say hello first.' }
    const answer = await answerRequest(this.identity, request)
    // It may lack nothing any more of what it refused.
    if (answer.status === 'signed' && this.#refusedRevision !== null) this.sync()
    return answer
  }

  /** What differs from what the node serves, where it takes that; else the whole. */
  async #push(head: Head, manifest: Manifest): Promise<Acknowledgement> {
    const served = { hash: this.#appliedHash ?? '', items: this.#held }
    if (this.#takesDeltas && Object.keys(served.items).length > 0) {
      const delta = await offerDelta(this.identity, head, manifest, served)
      const answer = deltaAnswer.parse(await this.#wire.delta(delta))
      if (answer.status !== 'other-base') return answer
      log.info({ nodeId: this.identity.nodeId }, 'the node serves something else than was thought')
      this.#held = {}
    }
    return acknowledgement.parse(
      await this.#wire.config(await offer(this.identity, head, manifest, this.#held)),
    )
  }

  // What a node answered stays here until it is in the database, so that an outage loses no answer.
  async #writeDown(): Promise<void> {
    if (!this.#unwritten) return
    const { answer, hash } = this.#unwritten
    const { nodeId, organisationId, gatewayId } = this.identity
    const applied = answer.status === 'applied'
    await transaction(async (tx) => {
      await tx.acknowledgement.create({
        data: {
          organisationId,
          gatewayId,
          nodeId,
          revision: answer.revision,
          hash,
          outcome: answer.status,
          reasons: applied ? [] : answer.reasons,
          durationMs: applied ? Math.round(answer.durationMs) : null,
        },
      })
      await tx.node.updateMany({
        where: { id: nodeId, organisationId },
        data: {
          lastSeenAt: new Date(),
          ...(applied ? { appliedRevision: answer.revision, appliedHash: hash } : {}),
        },
      })
      await announceChange(tx, organisationId, { topic: 'nodes', id: nodeId })
      await announceChange(tx, organisationId, { topic: 'revisions', id: gatewayId })
    })
    this.#unwritten = null
  }

  /**
   * Takes a report. Those that come faster than agreed are dropped, and those that come while one is being written,
   * since only the parts that differ from it would be. Says whether it was written.
   */
  async report(report: Report, nowMs: number): Promise<boolean> {
    if (!this.#greeted || this.#isReporting || nowMs - this.#reportedAt < reportMsMin) return false
    this.#reportedAt = nowMs
    this.#isReporting = true
    try {
      return await this.#keep(report, nowMs)
    } finally {
      this.#isReporting = false
    }
  }

  async #keep(report: Report, nowMs: number): Promise<boolean> {
    const { nodeId, organisationId } = this.identity
    const { appliedRevision, appliedHash } = report
    // A push that is under way says itself what the node serves.
    const settled = !this.#running && this.#unwritten === null
    const drifted = settled && appliedHash !== this.#appliedHash
    const receivedAt = new Date(nowMs)
    const watch = watchOf(report)
    const written = await transaction(async (tx) => {
      const { count } = await tx.node.updateMany({
        where: { id: nodeId, organisationId },
        data: {
          lastSeenAt: receivedAt,
          disconnectedAt: null,
          ...(drifted ? { appliedRevision, appliedHash } : {}),
        },
      })
      // It was removed meanwhile, and is about to be cut off.
      if (count === 0) return false
      await noteSeen(tx, this.identity, report, receivedAt)
      if (watch !== this.#watch) await noteWatch(tx, this.identity, watch, receivedAt)
      return this.#kept.write(tx, this.identity, report, receivedAt)
    })
    if (!written) return false
    written()
    this.#watch = watch
    if (drifted && !this.#running) {
      log.warn({ nodeId, appliedRevision }, 'the node serves something else than it acknowledged')
      this.#appliedHash = appliedHash
      this.#held = appliedHash === null ? {} : await hashesBehind(this.identity, appliedHash)
      this.sync()
    }
    return true
  }

  /** Has the node do what was ordered of it. */
  obey(): void {
    if (!this.#greeted || this.#closed) return
    this.#obeyAll().catch((error) => {
      log.warn({ err: error, nodeId: this.identity.nodeId }, 'a command was not carried out')
    })
  }

  async #obeyAll(): Promise<void> {
    for (const { id, command } of await takeCommands(this.identity)) {
      const answer = commandAnswer.safeParse(await this.#wire.command(command).catch(() => null))
      // What it has changed the node reports at once.
      this.#reportedAt = 0
      await settle(id, answer.success ? answer.data : null)
    }
  }

  /** Gives items that the node asks for, if they were offered to it. */
  async give({ gatewayId, hashes }: z.infer<typeof itemsWanted>): Promise<z.infer<typeof itemsGiven>> {
    if (gatewayId !== this.identity.gatewayId) return { items: {} }
    const offers = new Set(Object.values(this.#offered))
    const offered = hashes.filter((hash) => offers.has(hash))
    return { items: await itemsWithin(this.identity.organisationId, offered) }
  }

  /** Ends all work for the node. */
  close(): void {
    this.#closed = true
    clearTimeout(this.#retry)
  }

  /** Writes down that the node is gone. */
  async leave(now: Date): Promise<void> {
    const { nodeId, organisationId } = this.identity
    await this.#writeDown()
    await transaction(async (tx) => {
      await tx.node.updateMany({ where: { id: nodeId, organisationId }, data: { disconnectedAt: now } })
      await announceChange(tx, organisationId, { topic: 'nodes', id: nodeId })
    })
  }
}
