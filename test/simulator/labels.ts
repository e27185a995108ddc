/** @module The numbered things of PeerTube and what they are called. */

/** What an answer says of a numbered thing. */
export type Labelled<TId = number> = { id: TId; label: string }

export const PRIVACIES = {
  public: { id: 1, label: 'Public' },
  unlisted: { id: 2, label: 'Unlisted' },
  private: { id: 3, label: 'Private' },
  internal: { id: 4, label: 'Internal' },
  password: { id: 5, label: 'Password protected' },
}
export type Privacy = keyof typeof PRIVACIES

export const STATES = {
  published: { id: 1, label: 'Published' },
  waitingForLive: { id: 4, label: 'Waiting for livestream' },
  liveEnded: { id: 5, label: 'Live ended' },
}

const CATEGORIES = [
  ...[
    'Music',
    'Films',
    'Vehicles',
    'Art',
    'Sports',
    'Travels',
    'Gaming',
    'People',
    'Comedy',
    'Entertainment',
  ],
  ...[
    'News & Politics',
    'How To',
    'Education',
    'Activism',
    'Science & Technology',
    'Animals',
    'Kids',
    'Food',
  ],
]
const LICENCES = [
  'Attribution',
  'Attribution - Share Alike',
  'Attribution - No Derivatives',
  'Attribution - Non Commercial',
  'Attribution - Non Commercial - Share Alike',
  'Attribution - Non Commercial - No Derivatives',
  'Public Domain Dedication',
]
const LANGUAGES = new Intl.DisplayNames('en', { type: 'language' })

export function category(id: number | null): Labelled<number | null> {
  return { id, label: (id !== null && CATEGORIES[id - 1]) || 'Unknown' }
}

export function licence(id: number | null): Labelled<number | null> {
  return { id, label: (id !== null && LICENCES[id - 1]) || 'Unknown' }
}

/** @param id as BCP 47. */
export function language(id: string | null): Labelled<string | null> {
  return { id, label: id === null ? 'Unknown' : (LANGUAGES.of(id) ?? 'Unknown') }
}
