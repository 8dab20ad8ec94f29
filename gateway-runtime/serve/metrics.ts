/** What a report or an exposition reads. All counters rise only. */
export interface Figures {
  readonly requests: number
  /** Answered 5xx. */
  readonly errors: number
  /** Refused by a policy. */
  readonly refused: number
  readonly connections: number
  readonly webSockets: number
  readonly statuses: ReadonlyMap<number, number>
  readonly latency: LatencyFigures
  /** By route id; a route keeps its counters over a swap. */
  readonly routes: ReadonlyMap<string, RouteFigures>
}

export interface RouteFigures {
  readonly requests: number
  readonly errors: number
  readonly refused: number
}

/** A histogram: `counts[i]` answers took at most `boundsMs[i]` and more than the bound before; the last has no bound. */
export interface LatencyFigures {
  readonly boundsMs: readonly number[]
  readonly counts: Readonly<Float64Array>
  readonly sumMs: number
}
