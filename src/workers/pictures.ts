/** @module The pictures that events name, shown from here: a viewer never meets the instance, nor the instance a thousand viewers. */
import { createHash } from 'node:crypto'
import { targetProblem } from '../http/target.ts'
import { userAgent } from '../peertube/user-agent.ts'
import type { Deps } from './deps.ts'
import { readPictureCache } from './picture-cache.ts'
import type { Picture } from './picture-loader.ts'

/**
 * Gives a picture: from the cache, or else fetched once for all who ask meanwhile.
 *
 * @param url of `readPicturePath`: only such a one, for it is asked.
 * @throws Error when the cache or an object of the platform fails. Without the cache nothing is fetched: the instance would
 * feel each viewer.
 */
export async function getPicture(
  deps: Pick<Deps, 'env' | 'config' | 'clock'>,
  url: string,
): Promise<Picture> {
  const { env, config } = deps
  const now = deps.clock()
  const parsed = URL.parse(url)
  // Checked again before the request, and its name looked up. What is not asked for needs no object and no leave.
  const allowLocal = config.allowLocalTargets
  const problem = parsed ? targetProblem(parsed, { allowLocal }) : 'is not one'
  if (problem) return { kind: 'missing', reason: `its URL ${problem}`, until: now }

  const key = createHash('sha256').update(url).digest('hex')
  const known = await readPictureCache(env.PICTURES, key, now)
  if (known) return known
  return env.PICTURE_LOADER.getByName(key).load({
    key,
    url,
    allowLocal,
    publicUrl: config.publicUrl,
    dnsUrl: config.dnsUrl,
    now,
    userAgent: userAgent({ url: config.contactUrl, publicUrl: config.publicUrl }),
  })
}
