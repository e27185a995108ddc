/** @module Who asks: what an instance's log shows of us, so that its administrator can find out, and write. */
import { VERSION } from '../version.ts'

/**
 * The `User-Agent` of every request to an instance.
 * @param publicUrl where this Tubewire is reached: then it names the service actor, which says what it does and for whom.
 * @example userAgent('https://tubewire.example') // 'Tubewire/0.1.0 (+https://tubewire.example/actor)'
 */
export function userAgent(publicUrl: string | null): string {
  const about = publicUrl === null ? 'webhooks for PeerTube' : `+${publicUrl}/actor`
  return `Tubewire/${VERSION} (${about})`
}
