export interface SignInMessage {
  tone: 'info' | 'warn' | 'err'
  title: string
  detail: string
  /** What the button says. */
  again?: string
  otherAccount?: true
}

const messages: Record<string, SignInMessage> = {
  ended: {
    tone: 'info',
    title: 'Your session has ended',
    detail: 'Sign in again to go on where you were.',
  },
  unavailable: {
    tone: 'warn',
    title: 'The identity provider does not answer',
    detail: 'Nobody can sign in until it is back. Gateways go on serving meanwhile.',
    again: 'Try again',
  },
  database: {
    tone: 'warn',
    title: 'The database does not answer',
    detail: 'Nobody can sign in until it is back. Gateways go on serving meanwhile.',
    again: 'Try again',
  },
  'no-membership': {
    tone: 'warn',
    title: 'You belong to no organisation here',
    detail:
      'The identity provider knows you, but nobody has let you in yet. Ask an administrator to add you.',
    again: 'Try again',
    otherAccount: true,
  },
}

const failed: SignInMessage = {
  tone: 'err',
  title: 'The sign-in could not be finished',
  detail: 'It took too long, was cancelled, or was used already. Start it once more.',
}

/** What the sign-in page says about the word that an attempt came back with. */
export function messageFor(error: string): SignInMessage {
  return Object.hasOwn(messages, error) ? (messages[error] ?? failed) : failed
}
