/** @module What the examples of events are about: the instance that was recorded, its people and videos. */
import type { Actor, Comment, EndpointReference, Notification, Video, VideoReference } from './types.ts'

const URL = 'https://peertube.example'

export const instance = { host: 'peertube.example', url: URL, name: 'PeerTube', version: '6.3.0' }
export const connection = { id: 'con_9f86d081884c7d659a2feaa0', username: 'alice' }

const actor = (kind: 'accounts' | 'video-channels', name: string, displayName: string): Actor => ({
  name,
  displayName,
  host: instance.host,
  url: `${URL}/${kind}/${name}`,
  handle: `${name}@${instance.host}`,
  avatarUrl: null,
})
const alice = actor('accounts', 'alice', 'alice')
const aliceChannel = actor('video-channels', 'alice_channel', 'Main alice channel')
const bob = actor('accounts', 'bob', 'bob')
const bobChannel = actor('video-channels', 'bob_channel', 'Main bob channel')

/** A video of Alice, without what people may leave out, but for what is said of it. */
const video = (
  fields: Pick<Video, 'uuid' | 'shortUUID' | 'name' | 'publishedAt' | 'createdAt'> &
    Partial<Video> & { picture: string },
): Video => {
  const { picture, uuid, shortUUID, name, publishedAt, createdAt, ...others } = fields
  return {
    uuid,
    shortUUID,
    url: `${URL}/videos/watch/${uuid}`,
    name,
    description: null,
    duration: 1,
    isLive: false,
    isLocal: true,
    nsfw: false,
    category: null,
    licence: null,
    language: null,
    tags: null,
    thumbnailUrl: `${URL}/lazy-static/thumbnails/${picture}.jpg`,
    embedUrl: `${URL}/videos/embed/${uuid}`,
    publishedAt,
    createdAt,
    originallyPublishedAt: null,
    channel: aliceChannel,
    account: alice,
    ...others,
  }
}

const lesson = {
  category: { id: 15, label: 'Science & Technology' },
  language: { id: 'en', label: 'English' },
}

/** As it was published: with what its own answer tells besides. */
export const newVideo = video({
  uuid: '43493d1c-8fbe-411e-9932-9ee0e7172022',
  shortUUID: '9iUHktDza4U9nkpgptkJ5b',
  name: 'Alice video 1',
  picture: 'f393736e-e4cb-489c-be34-719ddba2f4fd',
  description: 'Description of video 1\r\nwith two lines',
  duration: 2,
  ...lesson,
  tags: ['alpha', 'tag1'],
  publishedAt: '2026-11-23T21:19:05.009Z',
  createdAt: '2026-11-23T21:19:06.360Z',
})

export const renamedVideo = video({
  uuid: '6c6db89f-2484-4629-bcaf-372d03aca0a3',
  shortUUID: 'eozmzJ4DTRhFb3UdjpnJdc',
  name: 'Alice video 2 (renamed)',
  picture: '724d2e15-f0c8-4d3a-b63f-2ed8d19a77ad',
  description: 'Description of video 2\r\nwith two lines',
  duration: 3,
  ...lesson,
  publishedAt: '2026-11-23T21:19:06.729Z',
  createdAt: '2026-11-23T21:19:07.125Z',
})

export const privateVideo = video({
  uuid: 'cc6d4492-a7b5-421e-bce6-0b44d3cc571a',
  shortUUID: 'rf882DE22qt3h8VPjBx8DU',
  name: 'Alice private',
  picture: 'cee203e0-29ec-41b2-89ac-d287a4c46854',
  publishedAt: '2026-11-23T21:19:09.846Z',
  createdAt: '2026-11-23T21:19:10.191Z',
})

export const deletedVideo = video({
  uuid: 'ee290ac8-74ea-4a5d-98aa-08762b008874',
  shortUUID: 'vpJ3UpHYNN99ugdzJgcy4w',
  name: 'Bob video',
  picture: '90c2d3ac-4a90-4781-9baa-88d482b27ed7',
  publishedAt: '2026-11-23T21:19:10.965Z',
  createdAt: '2026-11-23T21:19:11.307Z',
  channel: bobChannel,
  account: bob,
})

export const live = video({
  uuid: '0d5a1f0e-6c0b-4e0b-9b5c-3d1f2a7c8e94',
  shortUUID: '2DCs76f8uwjycs81rfAjhu',
  name: 'Alice live',
  picture: '5b0a7d3c-1f0e-4a57-8a3e-7c2f9d4b6e10',
  duration: 0,
  isLive: true,
  ...lesson,
  publishedAt: '2026-11-23T21:24:02.118Z',
  createdAt: '2026-11-23T21:20:41.530Z',
})

/** What was streamed, to be watched afterwards. */
export const replay: Video = {
  ...live,
  duration: 1260,
  isLive: false,
  publishedAt: '2026-11-23T21:46:10.402Z',
}

/** The video that was commented, as a comment refers to it. */
export const commented: VideoReference = {
  uuid: newVideo.uuid,
  shortUUID: newVideo.shortUUID,
  url: newVideo.url,
  name: newVideo.name,
  nsfw: newVideo.nsfw,
  category: newVideo.category,
  language: newVideo.language,
  tags: newVideo.tags,
  channel: newVideo.channel,
  account: newVideo.account,
}

export const reply: Comment = {
  id: 3,
  threadId: 1,
  inReplyToCommentId: 2,
  url: `${newVideo.url}/comments/3`,
  text: 'Deep reply **bold** https://example.org',
  html: '<p>Deep reply <strong>bold</strong> <a href="https://example.org/" rel="nofollow noopener noreferrer ugc">https://example.org</a></p>',
  createdAt: '2026-11-23T21:19:11.524Z',
  updatedAt: '2026-11-23T21:19:11.531Z',
  heldForReview: false,
  account: alice,
}

export const root: Comment = {
  id: 1,
  threadId: 1,
  inReplyToCommentId: null,
  url: `${newVideo.url}/comments/1`,
  text: 'First! Hello @alice',
  html: '<p>First! Hello @alice</p>',
  createdAt: '2026-11-23T21:19:11.371Z',
  updatedAt: '2026-11-23T21:19:11.378Z',
  heldForReview: false,
  account: bob,
}

/** One that was deleted: nobody is told any more what it said. */
export const deletedComment: Comment = {
  id: 6,
  threadId: 5,
  inReplyToCommentId: 5,
  url: `${newVideo.url}/comments/6`,
  text: '',
  html: '',
  createdAt: '2026-11-23T21:19:11.789Z',
  updatedAt: '2026-11-23T21:19:11.795Z',
  heldForReview: false,
  account: bob,
}

export const notification: Notification = {
  id: 19,
  type: 2,
  kind: 'newCommentOnMyVideo',
  read: false,
  createdAt: '2026-11-23T21:19:12.003Z',
  updatedAt: '2026-11-23T21:19:12.003Z',
  comment: {
    id: 7,
    threadId: 7,
    account: {
      id: 4,
      displayName: 'bob',
      name: 'bob',
      host: instance.host,
      avatars: [],
      handle: bob.handle,
    },
    video: {
      id: 2,
      uuid: renamedVideo.uuid,
      shortUUID: renamedVideo.shortUUID,
      name: renamedVideo.name,
      url: `${URL}/w/${renamedVideo.shortUUID}`,
    },
    heldForReview: false,
    url: `${URL}/w/${renamedVideo.shortUUID};threadId=7`,
  },
}

export const endpoint: EndpointReference = {
  id: 'ep_9f86d081884c7d659a2feaa0',
  url: 'https://receiver.example',
  description: 'The team’s chat',
}
