/** @module Why an attempt failed, in plain words for the endpoint's owner. Pure. */

const MAX_LENGTH = 300

/** What Cloudflare answers for a server that it can't reach: https://developers.cloudflare.com/support/troubleshooting/http-status-codes/ */
const CLOUDFLARE: Readonly<Record<number, string>> = {
  520: 'Cloudflare made no sense of the answer',
  521: 'the server refuses connections',
  522: 'the server took no connection in time',
  523: 'the server could not be reached',
  524: 'the server gave no answer in time',
  525: 'the TLS handshake failed',
  526: 'the TLS certificate is not valid',
  530: 'the name was not found',
}

/**
 * What an answer other than 2xx comes to. Of a redirect's target only the origin is told: the rest may hold a secret.
 * @param url that was asked, to which a `Location` may be relative (RFC 9110, 10.2.2).
 */
export function describeStatus(status: number, location: string | null, url: string): string {
  const answered = `answered ${status}`
  if (status >= 300 && status < 400) {
    const target = location === null ? null : URL.parse(location, url)
    const isWeb = target?.protocol === 'https:' || target?.protocol === 'http:'
    return shorten(`${answered}: redirects are not followed${isWeb ? ` (to ${target.origin})` : ''}`)
  }
  const reason = CLOUDFLARE[status]
  return reason === undefined ? answered : `${answered}: ${reason}`
}

/**
 * Why there was no answer. workerd has two messages for everything: the first for a port that nobody listens at, a connection that
 * was lost, and an answer that is no HTTP; the second, which leads to its own log, for names and TLS. Any other is of our own
 * making, and not for strangers: it may quote what was to be sent.
 */
export function describeFailure(error: unknown, url: string): string {
  const { message, name } = error instanceof Error ? error : new Error()
  if (message.startsWith('Network connection lost')) {
    return 'no answer (connection refused or lost, or the answer was no HTTP)'
  }
  if (message.startsWith('internal error')) return `no connection (${nameOrTls(url)})`
  if (message.startsWith('Too many subrequests')) return 'not sent (Tubewire was sending too much at once)'
  return shorten(`not sent (${name})`)
}

/** Without TLS it was the name; an address has none to look up. */
function nameOrTls(url: string): string {
  const { protocol, hostname } = new URL(url)
  if (protocol === 'http:') return 'name not found'
  const isAddress = hostname.startsWith('[') || /^[\d.]+$/.test(hostname)
  return isAddress ? 'TLS failed' : 'name not found, or TLS failed'
}

function shorten(text: string): string {
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH - 1).toWellFormed()}…` : text
}
