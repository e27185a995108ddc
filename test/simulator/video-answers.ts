/** @module What is said of one video: to everybody, to its owner, to nobody. */
import { ACCOUNTS, CHANNELS, mayModerate } from './people.ts'
import { type Answer, from, problem, withBody } from './recorded-answers.ts'
import { USERS } from './recordings.ts'
import type { Asked, State } from './state.ts'
import { has } from './versions.ts'
import type { ListedVideo } from './videos.ts'

const VIDEO_ID = /^([0-9]+|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[1-9A-HJ-NP-Za-km-z]{22})$/i

/** `/api/v1/videos/{id}` and its description; null: not asked for. */
export function videoAnswer(asked: Asked, state: State): Answer | null {
  const { url } = asked
  const [, id, part] = /^\/api\/v1\/videos\/([^/]+)(\/description)?$/.exec(url.pathname) ?? []
  if (!id || id === 'comments') return null
  if (!VIDEO_ID.test(id)) {
    return problem('get_video_bad_id_400', (text) =>
      text.replaceAll('/api/v1/videos/not-a-uuid', url.pathname).replaceAll('not-a-uuid', id),
    )
  }
  const video = state.world.find(id)
  const refused = refuseToShow(video, asked)
  if (!video || refused) return refused
  const details = state.world.details(video)
  if (part) return withBody('get_video_description', { description: details.description })
  return withBody('get_video', {
    ...listedIn(state, video),
    ...details,
    descriptionPath: `/api/v1/videos/${video.uuid}/description`,
    account: ACCOUNTS[USERS.find((user) => user === video.account.name) ?? 'alice'],
    channel: CHANNELS[video.channel.name],
  })
}

/** Why a caller doesn't see a video; null when he does. A video that is there but not seen is not the same as none. */
export function refuseToShow(video: ListedVideo | undefined, { caller }: Asked): Answer | null {
  if (!video) return from('get_video_deleted_404')
  const { label } = video.privacy
  if (label === 'Public' || label === 'Unlisted' || mayModerate(caller, video.account.name)) return null
  if (label === 'Password protected') {
    const code = 'video_requires_password'
    return forbid('Please provide a password to access this password protected video', {
      type: `https://docs.joinpeertube.org/api-rest-reference.html#section/Errors/${code}`,
      code,
    })
  }
  if (caller === 'anonymous') return from('get_video_private_401')
  return label === 'Internal' ? null : forbid('Cannot fetch information of private/internal/blocked video')
}

function forbid(detail: string, change: object = {}): Answer {
  const made = withBody('get_video_private_401', {
    title: 'Forbidden',
    status: 403,
    detail,
    error: detail,
    ...change,
  })
  return { ...made, status: 403 }
}

/** A video as lists of this version show it. */
export function listedIn({ self, world }: State, video: ListedVideo): object {
  return {
    ...video,
    ...(has(self.version, 'commentCounts') ? { comments: world.comments.countOf(video.uuid) } : {}),
    ...(has(self.version, 'thumbnails')
      ? { thumbnails: [{ fileUrl: self.origin + video.thumbnailPath, width: 280, height: 157 }] }
      : {}),
  }
}
