/** @module The steps that make an endpoint, and their addresses. */
import { linkTo } from '../../../address.ts'
import { isChat } from '../format-advice.ts'
import type { Endpoint } from '../reads.ts'

export const STEPS = ['url', 'secret', 'verify', 'filter', 'test'] as const
export type Step = (typeof STEPS)[number]

/** The steps of an endpoint. A chat verifies no signatures: nobody needs its secret. */
export function stepsOf(format: Endpoint['format']): readonly Step[] {
  return isChat(format) ? STEPS.filter((step) => step !== 'secret') : STEPS
}

/** The step of an address; the first, unless it names another one. */
export function stepNamed(name: string | null): Step {
  return STEPS.find((step) => step === name) ?? 'url'
}

/** The address of a step. @param endpoint the id of the one that is being made; undefined: it isn't yet. */
export function linkToStep(step: Step, endpoint?: string): string {
  return linkTo(['endpoints', 'new'], { step: step === 'url' && !endpoint ? undefined : step, endpoint })
}

/** Where an endpoint that was left half-way goes on; null: nothing is missing. @param isSubscribed whether it is sent anything. */
export function unfinishedStep(endpoint: Endpoint, isSubscribed: boolean): Step | null {
  if (endpoint.state === 'pending') return 'verify'
  return isSubscribed ? null : 'filter'
}
