/** @module Who asks: what an instance's log shows of us, so that its administrator can find out, and write. */
import { VERSION } from '../version.ts'

/**
 * The `User-Agent` of every request to an instance: who asks, and where to write.
 * @param contact `url`: what the operator gave for that. `publicUrl`: where this Tubewire is reached; its service actor says
 * what it does and for whom.
 * @example userAgent({ url: null, publicUrl: 'https://tubewire.example' }) // 'Tubewire/0.1.0 (+https://tubewire.example/actor)'
 */
export function userAgent(contact: { url: string | null; publicUrl: string | null }): string {
  const { url, publicUrl } = contact
  const where = url ?? (publicUrl === null ? null : `${publicUrl}/actor`)
  return `Tubewire/${VERSION} (${where === null ? 'webhooks for PeerTube' : `+${where}`})`
}
