/** @module What the README shows is what the code makes. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { detectVideos } from '../../src/events/detect.ts'
import { publicEvent } from '../../src/events/envelope.ts'
import { HELP } from '../../src/local/options.ts'
import { readVideosPage } from '../../src/peertube/videos.ts'
import { recording } from '../simulator/recordings.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const SEEN_AT = Date.UTC(2026, 10, 23, 21, 19, 37, 421)

/** The first code block of a language that holds a text. */
async function block(language: string, holding: string): Promise<string> {
  const readme = await readFile(join(ROOT, 'README.md'), 'utf8')
  const blocks = Array.from(readme.matchAll(/```(\w*)\n([\s\S]*?)```/g))
  const found = blocks.find(([, name, text]) => name === language && text?.includes(holding))
  if (!found?.[2]) throw new Error(`the README has no block of ${language} with "${holding}"`)
  return found[2]
}

describe('The README', () => {
  it('shows a whole payload: the webhook of a recorded video', async () => {
    const { body } = recording('get_videos_local_newest_skipcount').response
    const page = await readVideosPage(
      { fetch: async () => Response.json(body), clock: () => SEEN_AT },
      'https://peertube.example',
      0,
      null,
    )
    if (page.kind !== 'page') throw new Error(page.kind)
    const { events } = detectVideos({
      instance: 'peertube.example',
      checkpoint: { baseline: true, newest: 0, walk: null },
      page: page.videos.filter(({ name }) => name === 'Alice video 1'),
      unreadable: [],
      known: new Set(),
      now: SEEN_AT,
    })
    const [event] = events
    if (!event) throw new Error('no event')
    const shown = publicEvent({ ...event, sequence: 42, data: JSON.stringify(event.data) })
    expect(JSON.parse(await block('json', '"video.published"'))).toEqual(shown)
  })

  it('names every option of npm start', async () => {
    const options = await block('', '--every')
    for (const name of HELP.match(/--[a-z]+/g) ?? []) expect(options).toContain(name)
  })

  it('and the documents link to files that exist', async () => {
    const docs = (await readdir(join(ROOT, 'docs'), { recursive: true })).filter((name) =>
      name.endsWith('.md'),
    )
    const files = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...docs.map((name) => join('docs', name))]
    const broken: string[] = []
    for (const file of files) {
      const text = await readFile(join(ROOT, file), 'utf8')
      for (const [, link = ''] of text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)) {
        const isThere = await stat(join(ROOT, file, '..', link)).catch(() => null)
        if (!isThere) broken.push(`${file}: ${link}`)
      }
    }
    expect(broken).toEqual([])
  })
})
