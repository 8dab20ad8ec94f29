let lastKnown = 0

/** The memory of this process; as it was last, where no file descriptor is left to look at it. */
export function residentBytes(): number {
  try {
    lastKnown = process.memoryUsage.rss()
  } catch {
    return lastKnown
  }
  return lastKnown
}
