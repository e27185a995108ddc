/** @module A list of feeds as OPML 2.0, which feed readers take in at once. http://opml.org/spec2.opml */
import { generateOpml } from 'feedsmith'
import { oneLine } from '../events/text.ts'
import { OURSELVES } from './page.ts'
import { printable, xmlOf } from './xml.ts'

/** A feed in a list. URLs are absolute; `description` in a sentence. */
export type ListedFeed = { title: string; xmlUrl: string; htmlUrl?: string; description?: string }

/**
 * The feeds are in an outline of their own, which readers show as a folder: "one or more outline elements" is what a body must
 * have, and there may be no feed.
 */
export function renderOpml({ title, feeds }: { title: string; feeds: readonly ListedFeed[] }): string {
  const named = lineOf(title) || OURSELVES
  const document = {
    head: { title: named },
    body: { outlines: [{ text: named, outlines: feeds.map(outlineOf) }] },
  }
  return xmlOf(document, (escaped) => generateOpml(escaped, { strict: true }))
}

/** "type" is `rss` of any feed, Atom among them; "text" is what is shown. */
function outlineOf({ title, description, ...urls }: ListedFeed) {
  const text = lineOf(title) || urls.xmlUrl
  return {
    text,
    title: text,
    type: 'rss',
    ...urls,
    ...(description === undefined ? {} : { description: lineOf(description) }),
  }
}

function lineOf(text: string): string {
  return oneLine(String(printable(text)))
}
