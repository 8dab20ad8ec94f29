import type { Actor } from '../../actor.ts'
import { publish } from '../write.ts'

// A process of its own that publishes once, so that a test can kill it: publish-once.ts GATEWAY HEAD ACTOR
const [gatewayId = '', head = '0', actorJson = '{}'] = process.argv.slice(2)
const actor: Actor = JSON.parse(actorJson)
process.stdout.write('begun\n')
await publish(actor, gatewayId, { expectedHeadRevision: Number(head), note: 'from a process that dies' })
process.stdout.write('done\n')
process.exit(0)
