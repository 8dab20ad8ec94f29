import type { DocumentPlan } from '#domain/documents.ts'
import type { NetworkClass } from '#domain/network.ts'

/** What somebody says of documents that they do not say themselves, by the names of the plan. */
export interface Choices {
  readonly contexts: Readonly<Record<string, NetworkClass>>
  /** Ids of networks; null leaves a consumer out. */
  readonly consumers: Readonly<Record<string, string | null>>
}

export const noChoices: Choices = { contexts: {}, consumers: {} }

/** What of it is about this plan: other files may have been chosen since. */
export function choicesFor({ contexts, consumers }: DocumentPlan, choices: Choices) {
  return {
    contexts: contexts.flatMap(({ name }) => {
      const chosen = choices.contexts[name]
      return chosen === undefined ? [] : [{ name, class: chosen }]
    }),
    consumers: consumers.flatMap(({ name }) => {
      const networkId = choices.consumers[name]
      return networkId === undefined ? [] : [{ name, networkId }]
    }),
  }
}
