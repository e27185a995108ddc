/** @module A new source as it is typed, and as the API takes it. */

import type { paths } from '../../../../clients/typescript/tubewire.d.ts'
import { numberOf } from '../../number-of.ts'
import { t } from '../../texts/index.ts'

export type Kind = keyof typeof t.instances.more.kinds

export type SourceDraft = {
  kind: Kind
  name: string
  video: string
  words: string
  tags: string
  languages: string
  categories: string
  maxDelaySeconds: string
}

type Body = paths['/api/v1/instances/{id}/sources']['post']['requestBody']['content']['application/json']

export function isKind(text: string): text is Kind {
  return Object.hasOwn(t.instances.more.kinds, text)
}

/** As a body has it. */
export function bodyOf(draft: SourceDraft): Body {
  const { maxDelaySeconds: delay } = draft
  return { ...partOf(draft), ...(delay.trim() === '' ? {} : { maxDelaySeconds: numberOf(delay) }) }
}

function partOf({ kind, name, video, words, tags, languages, categories }: SourceDraft): Body {
  switch (kind) {
    case 'channel':
    case 'account':
      return { kind: 'videos', [kind]: name.trim() }
    case 'search':
      return {
        kind: 'videos',
        search: {
          ...(words.trim() ? { search: words.trim() } : {}),
          ...(tags.trim() ? { tagsOneOf: itemsOf(tags) } : {}),
          ...(languages.trim() ? { languageOneOf: itemsOf(languages) } : {}),
          ...(categories.trim() ? { categoryOneOf: itemsOf(categories).map(numberOf) } : {}),
        },
      }
    case 'videoComments':
      return { kind: 'comments', video: video.trim() }
    case 'channelComments':
      return { kind: 'comments', channel: name.trim() }
    default:
      return { kind }
  }
}

function itemsOf(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}
