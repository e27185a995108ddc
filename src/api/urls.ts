/** @module URLs in requests: where webhooks may go, and where instances may be. */
import * as v from 'valibot'
import { targetProblem } from '../http/target.ts'
import { text } from './fields.ts'

/**
 * A URL that may be posted to.
 * @param allowLocal whether it may be on this machine or a private network, without https.
 */
export const targetUrl = (allowLocal: boolean) =>
  v.pipe(
    text(2_000),
    v.check((url) => URL.canParse(url), 'must be an absolute URL'),
    checked((url) => targetProblem(url, { allowLocal })),
    v.description('Where events are posted: https, and public.'),
  )

/** The URL of an instance as a whole. @param allowLocal as of `targetUrl`. */
export const instanceUrl = (allowLocal: boolean) =>
  v.pipe(
    text(1_000),
    v.check((url) => URL.canParse(url), 'must be a URL, such as https://peertube.example'),
    checked((url) => targetProblem(url, { allowLocal }) ?? originProblem(url)),
    v.description('Of the whole instance, without a path.'),
    v.transform((sent) => {
      const url = new URL(sent)
      // The same host, with the dot of the root or without.
      url.hostname = url.hostname.replace(/\.+$/, '')
      return url
    }),
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

function originProblem(url: URL): string | null {
  const isOrigin = url.pathname === '/' && url.search === '' && url.hash === ''
  return isOrigin ? null : `must be that of the whole instance: ${url.origin}`
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
