/**
 * Variables of a node's environment that a configuration may show: those that were named for it, and the usual
 * names of a machine or a pod. All others may hold secrets.
 */
export function isShown(name: string): boolean {
  return name.startsWith('HEXGATE_LABEL_') || shown.has(name)
}

const shown = new Set(['HOSTNAME', 'FLEX_NAME', 'NODE_NAME', 'POD_NAME', 'POD_NAMESPACE', 'POD_IP'])
