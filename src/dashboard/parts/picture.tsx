/** @module Pictures of instances, which come from here and from nowhere else. */

/** @param path as `pictures` of an event names it; null, or anything else than a path of ours: there is no picture. */
export function Picture({ path, size }: { path: string | null | undefined; size: 'thumbnail' | 'avatar' }) {
  const isOurs = path?.startsWith('/lazy-static/') === true
  return isOurs ? (
    // What it shows is said beside it.
    <img class={size} src={path} alt="" loading="lazy" decoding="async" />
  ) : (
    <span class={size} aria-hidden="true" />
  )
}
