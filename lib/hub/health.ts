/** How the hub is. Plain facts on the process, since a route must not import the hub itself. */
export interface HubHealth {
  /** Whether it hears of publications and changes. */
  listening: boolean
}

const holder = globalThis as { hexgateHubHealth?: () => HubHealth }

/** Lets the process's health route see the hub. */
export function showHubHealth(read: () => HubHealth): void {
  holder.hexgateHubHealth = read
}

/** The hub of this process; null where none runs. */
export function hubHealth(): HubHealth | null {
  return holder.hexgateHubHealth?.() ?? null
}
