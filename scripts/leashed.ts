// Preloaded (node --import) into every process that the start makes: when the start is killed, they end as if
// they had been asked to.
import { onParentGone } from './leash.ts'

onParentGone(() => process.kill(process.pid, 'SIGTERM'))
