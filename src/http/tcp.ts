/** @module Why is there no connection? `fetch` tells of all causes in two messages, and sockets in one. */
import { connect } from 'cloudflare:sockets'

/** `unreachable`: somebody takes connections there, and this one was lost all the same; or nobody said yes or no. */
export type Diagnosis = 'dns' | 'refused' | 'tls' | 'unreachable'

const TIMEOUT_MS = 5_000

/**
 * Finds out why a request to a URL's host had no answer: by connecting again, in clear text and with TLS. It is a connection
 * to that host: whoever calls this has leave of its limiter. Never throws.
 * @param fetcher is asked only where no connection opens, so that it reaches nobody.
 */
export async function diagnose(url: URL, fetcher: typeof fetch = fetch): Promise<Diagnosis> {
  const plain = await opens(url, 'off')
  if (plain === 'silent') return 'unreachable'
  if (plain === 'open') {
    const isTlsMissing = url.protocol === 'https:' && (await opens(url, 'on')) === 'failed'
    return isTlsMissing ? 'tls' : 'unreachable'
  }
  return (await hasAddress(url, fetcher)) ? 'refused' : 'dns'
}

async function opens(url: URL, secureTransport: 'on' | 'off'): Promise<'open' | 'failed' | 'silent'> {
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80))
  let socket: Socket
  try {
    socket = connect({ hostname: url.hostname, port }, { secureTransport, allowHalfOpen: false })
  } catch {
    // An address that the platform does not connect to at all.
    return 'failed'
  }
  // It fails beside `opened`, which says so already.
  socket.closed.catch(() => undefined)
  let timer: ReturnType<typeof setTimeout> | undefined
  const silence = new Promise<'silent'>((resolve) => {
    timer = setTimeout(() => resolve('silent'), TIMEOUT_MS)
  })
  try {
    return await Promise.race([socket.opened.then(() => 'open' as const), silence])
  } catch {
    return 'failed'
  } finally {
    clearTimeout(timer)
    // It may have failed to open: then there is nothing to close.
    await socket.close().catch(() => undefined)
  }
}

/**
 * Whether a name resolves, of a host that takes no connection. A socket says the same of a name that does not and of a closed
 * port. `fetch` in workerd calls the first an internal error, and the second a lost connection; Cloudflare answers 530.
 */
async function hasAddress(url: URL, fetcher: typeof fetch): Promise<boolean> {
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  try {
    const response = await fetcher(url.origin, { method: 'HEAD', redirect: 'manual', signal })
    return response.status !== 530
  } catch (error) {
    return !(error instanceof Error && error.message.startsWith('internal error'))
  }
}
