import type { TestProject } from 'vitest/node'
import { type Addresses, startProduct } from './product.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    product: Addresses
  }
}

/** Starts the product once for all browser tests, and checks at the end that it stops cleanly. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const product = await startProduct()
  const { portal, gateway, admin, sts, password, dataFolder } = product
  project.provide('product', { portal, gateway, admin, sts, password, dataFolder })
  return async () => {
    const code = await product.stop()
    if (code !== 0) throw new Error(`The product ended with ${code}:\n${product.output().slice(-4_000)}`)
  }
}
