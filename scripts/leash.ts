/**
 * Ends this process when the one that started it is gone. A parent that is killed cannot say goodbye, but its
 * channel closes.
 */
export function onParentGone(end: () => void): void {
  if (!process.channel) return
  process.once('disconnect', end)
  // Listening must not keep a process alive that has nothing else to do.
  process.channel.unref()
}
