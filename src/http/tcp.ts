/** @module Is anybody listening? */
import { connect } from 'cloudflare:sockets'

const TIMEOUT_MS = 5_000

/** Whether a plain TCP connection to a URL's host and port opens: `fetch` tells a failed TLS handshake from nothing there by no word. */
export async function opensTcp(url: URL): Promise<boolean> {
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80))
  const socket = connect({ hostname: url.hostname, port })
  let timer: ReturnType<typeof setTimeout> | undefined
  const timeout = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), TIMEOUT_MS)
  })
  try {
    return await Promise.race([socket.opened.then(() => true), timeout])
  } catch {
    return false
  } finally {
    clearTimeout(timer)
    // It may have failed to open: then there is nothing to close.
    await socket.close().catch(() => undefined)
  }
}
