/** @module URLs in requests: where webhooks may go, and where instances may be. */
import * as v from 'valibot'
import { targetProblem } from '../http/target.ts'
import { judgeTarget } from '../http/target-check.ts'
import { type Named, parsePasted } from '../peertube/paste.ts'
import { text } from './fields.ts'
import type { Input } from './operation.ts'
import { invalidParams, Problem } from './problem.ts'
import { invalid } from './request/validate.ts'

/** A resolver that fails is asked again after that, at the earliest. */
const LOOK_UP_AGAIN_SECONDS = 5

/**
 * A URL that may be posted to.
 * @param allowLocal whether it may be on this machine or a private network, without https.
 */
export const targetUrl = (allowLocal: boolean) =>
  v.pipe(
    text(2_000),
    v.check((url) => URL.canParse(url), 'must be an absolute URL, such as https://receiver.example/hook'),
    checked((url) => targetProblem(url, { allowLocal })),
    v.description('Where events are posted: https, and public.'),
  )

/** An instance, or something on one, in any form that a person would paste. @param allowLocal as of `targetUrl`. */
export const pastedInstance = (allowLocal: boolean) =>
  v.pipe(
    text(2_000),
    v.rawTransform<string, { url: URL; named: Named }>(({ dataset, addIssue, NEVER }) => {
      const pasted = parsePasted(dataset.value)
      const problem = pasted.kind === 'wrong' ? pasted.problem : targetProblem(pasted.url, { allowLocal })
      if (pasted.kind === 'pasted' && problem === null) return pasted
      addIssue({ message: problem ?? '' })
      return NEVER
    }),
    v.description(
      'A host, the URL of a video, channel or account, or a handle such as `@name@peertube.example`: as people paste it.',
    ),
  )

/**
 * The host of an instance that is watched: as events name it, or any URL of it. What comes out has the port, unless it is the
 * default one.
 */
export const instanceHost = v.pipe(
  text(1_000),
  v.check(
    (sent) => hostOf(sent) !== null,
    'must be the host or URL of an instance, such as peertube.example',
  ),
  v.description('The host or URL of an instance that is watched.'),
  v.transform((sent) => hostOf(sent) ?? ''),
)

function hostOf(sent: string): string | null {
  const hasScheme = /^[a-z]+:\/\//i.test(sent)
  const url = URL.parse(hasScheme ? sent : `https://${sent}`)
  if (!url || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') return null
  // A host alone has nothing after it: `alice@host` and `host/path` are something else.
  if (!hasScheme && !/^[^/?#\\@]+$/.test(sent)) return null
  url.hostname = url.hostname.replace(/\.+$/, '')
  return url.host
}

/**
 * Sees to it that a URL may be asked, beyond what its schema sees: that it is not our own, and where its name leads.
 * @param name of the parameter, in the body.
 * @throws Problem 400 when it may not be; 503 when its name can't be looked up now.
 */
export async function requireTarget(
  { deps, request }: Pick<Input<unknown, unknown, unknown>, 'deps' | 'request'>,
  name: string,
  url: URL,
): Promise<void> {
  const verdict = await judgeTarget(deps, url, new URL(request.url).host)
  if (verdict?.kind === 'refused') throw invalidParams(invalid('body', name, verdict.problem))
  if (verdict?.kind === 'unresolved') {
    throw new Problem(503, `The "${name}" ${verdict.problem}: try again`, {
      headers: { 'retry-after': String(LOOK_UP_AGAIN_SECONDS) },
    })
  }
}

/** A check that says itself what is wrong. What is no URL at all has been refused before. */
function checked(problemOf: (url: URL) => string | null) {
  const judge = (text: string) => {
    const url = URL.parse(text)
    return url && problemOf(url)
  }
  return v.check<string, (issue: v.CheckIssue<string>) => string>(
    (text) => judge(text) === null,
    ({ input }) => judge(input) ?? '',
  )
}
