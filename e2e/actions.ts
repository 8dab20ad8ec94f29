import type { Locator, Page } from 'playwright-core'
import { expect } from 'vitest'

/**
 * Counts what a person does. One action is one click on a control, one choice, one field filled or one file
 * dropped; typing length, scrolling and waiting are free. A task that needs more than its budget fails.
 */
export class Actions {
  readonly #page: Page
  readonly #done: string[] = []

  constructor(page: Page) {
    this.#page = page
  }

  async click(target: Locator): Promise<void> {
    this.#note('click', target)
    await target.click()
  }

  async fill(target: Locator, text: string): Promise<void> {
    this.#note('fill', target)
    await target.fill(text)
  }

  async choose(target: Locator, label: string): Promise<void> {
    this.#note(`choose ${label}`, target)
    await target.selectOption({ label })
  }

  /** Drops a file on an element as a person drags it from a folder. */
  async drop(target: Locator, file: { name: string; type: string; text: string }): Promise<void> {
    this.#note(`drop ${file.name}`, target)
    const transfer = await this.#page.evaluateHandle(({ name, type, text }) => {
      const data = new DataTransfer()
      data.items.add(new File([text], name, { type }))
      return data
    }, file)
    for (const type of ['dragenter', 'dragover', 'drop'])
      await target.dispatchEvent(type, { dataTransfer: transfer })
  }

  get count(): number {
    return this.#done.length
  }

  expectWithin(budget: number): void {
    expect(this.count, `${budget} actions allowed, done: ${this.#done.join(' → ')}`).toBeLessThanOrEqual(
      budget,
    )
  }

  #note(what: string, target: Locator): void {
    this.#done.push(`${what} (${target.toString()})`)
  }
}
