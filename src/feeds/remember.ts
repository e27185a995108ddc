/** @module What was made of a text before, for a feed is asked for again and again, and most of it is as it was. */

/**
 * The same function of texts, which remembers what it gave: what was asked for last stays, the rest goes.
 * @param render always gives the same of the same text.
 * @param room UTF-16 units of all texts that are kept, given and taken.
 */
export function remembering(render: (text: string) => string, room: number): (text: string) => string {
  // In the order in which they were last asked for.
  const known = new Map<string, string>()
  let used = 0
  return (text) => {
    const before = known.get(text)
    const given = before ?? render(text)
    if (before === undefined) used += text.length + given.length
    known.delete(text)
    known.set(text, given)
    for (const [oldest, made] of known) {
      if (used <= room) break
      known.delete(oldest)
      used -= oldest.length + made.length
    }
    return given
  }
}
