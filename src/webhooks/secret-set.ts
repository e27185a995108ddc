/**
 * @module The secrets of one endpoint: the current one, and those before it that webhooks are signed with for a while longer, so
 * that a receiver can change to the new one when it likes. They are kept as one text, which is encrypted as a whole.
 */
import * as v from 'valibot'
import { parseJson } from '../http/json.ts'
import { secretProblem } from './signature.ts'

/** `previous`: the newest first. `expiresAt`: milliseconds since the epoch; from then on nothing is signed with it. */
export type SecretSet = {
  readonly current: string
  readonly previous: readonly { readonly secret: string; readonly expiresAt: number }[]
}

/** Each costs a signature of every webhook, and 50 bytes of its header. */
const MOST_PREVIOUS = 5

const Secret = v.pipe(
  v.string(),
  v.check((secret) => secretProblem(secret) === null),
)
const Stored = v.object({
  current: Secret,
  previous: v.pipe(
    v.array(v.object({ secret: Secret, expiresAt: v.pipe(v.number(), v.safeInteger()) })),
    v.maxLength(MOST_PREVIOUS),
  ),
})

/**
 * Reads what `writeSecretSet` wrote, or a secret alone.
 * @throws Error that says where it is wrong, and holds nothing of what is there.
 */
export function readSecretSet(text: string): SecretSet {
  if (!text.startsWith('{')) return { current: checked(text), previous: [] }
  const json = parseJson(text)
  if (!json.ok) throw new Error(`the endpoint's secrets can't be read: the text ${json.problem}`)
  const parsed = v.safeParse(Stored, json.value)
  if (parsed.success) return parsed.output
  // The place only: messages of the schema say what they found there.
  const place = v.getDotPath(parsed.issues[0])
  throw new Error(`the endpoint's secrets can't be read: "${place}" is not what Tubewire writes there`)
}

function checked(secret: string): string {
  const problem = secretProblem(secret)
  if (problem !== null) throw new Error(`the endpoint's secret can't be read: it ${problem}`)
  return secret
}

/** As one text: JSON, or the secret alone when there is only one. */
export function writeSecretSet({ current, previous }: SecretSet): string {
  return previous.length === 0 ? current : JSON.stringify({ current, previous })
}

/**
 * Puts a new secret in the place of the current one.
 * @param next as `newSecret` makes it, or one that `secretProblem` finds nothing wrong with.
 * @param overlapMs how long webhooks are signed with the current one too; 0: no longer. It doesn't change how long older ones are.
 * @param now milliseconds since the epoch.
 * @returns the new set. What has expired is gone, and so is the oldest one when there would be more than five before the current.
 */
export function rotate(set: SecretSet, next: string, overlapMs: number, now: number): SecretSet {
  const previous = [{ secret: set.current, expiresAt: now + overlapMs }, ...set.previous]
    // One that is current again is not a former one.
    .filter(({ secret, expiresAt }) => expiresAt > now && secret !== next)
    .slice(0, MOST_PREVIOUS)
  return { current: next, previous }
}

/** What webhooks are signed with at a time (milliseconds since the epoch): the newest first. */
export function usableSecrets({ current, previous }: SecretSet, now: number): string[] {
  return [current, ...previous.flatMap(({ secret, expiresAt }) => (expiresAt > now ? [secret] : []))]
}
