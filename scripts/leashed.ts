// Preloaded (node --import) into every process that the start makes: when the start is killed, they end as if
// they had been asked to.
import { onParentGone } from './leash.ts'

onParentGone(() => process.kill(process.pid, 'SIGTERM'))

// The leash is this process's own. Workers that it forks would inherit it, and end at once: an unreferenced
// channel is all that keeps them alive.
process.execArgv = process.execArgv.filter(
  (argument, index, all) => argument !== '--import' && all[index - 1] !== '--import',
)
