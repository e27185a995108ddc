/** @module Starts the control server of simulated instances and receivers, once for all tests inside workerd. */
import type { TestProject } from 'vitest/node'
import { startControl } from '../simulator/control.ts'

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const control = await startControl()
  project.provide('controlUrl', control.url)
  return control.close
}

declare module 'vitest' {
  interface ProvidedContext {
    controlUrl: string
  }
}
