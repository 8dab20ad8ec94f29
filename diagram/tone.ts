/** How a state feels: well, soon bad, bad, on its way, or of no concern. */
export type Tone = 'ok' | 'warn' | 'err' | 'busy' | 'idle'

/** How a state of a closed union is shown. Keep looks in a Record over the union, so that a new state needs one. */
export interface Look {
  readonly label: string
  readonly tone: Tone
}
