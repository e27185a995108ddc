/** @module /lazy-static: the pictures that events name, from here instead of from their instance. */
import * as v from 'valibot'
import { readPicturePath } from '../pictures/path.ts'
import { getPicture } from '../workers/pictures.ts'
import { text } from './fields.ts'
import { type Input, operation } from './operation.ts'
import { notFound, Problem } from './problem.ts'
import { isNotModified } from './request/conditional.ts'

const params = v.strictObject({ signature: text(200), file: text(2_000) })
const answers = {
  200: {
    description: 'The picture.',
    contentTypes: ['image/jpeg', 'image/png', 'image/webp', 'image/gif', 'image/avif'],
  },
} as const
const common = {
  method: 'GET',
  tag: 'Pictures',
  description:
    'The paths are signed: nobody can have anything else fetched. A picture is fetched from its instance once, at most 2 MB, and raster types only.',
  limit: 'none',
  params,
  answers,
  problems: [404, 'instance_busy'],
} as const

export const pictureOperations = [
  operation({
    ...common,
    id: 'getThumbnail',
    path: '/lazy-static/thumbnails/:signature/:file',
    summary: 'The thumbnail of a video',
    handle: async (input) => picture(input),
  }),
  operation({
    ...common,
    id: 'getAvatar',
    path: '/lazy-static/avatars/:signature/:file',
    summary: 'The avatar of an account or channel',
    handle: async (input) => picture(input),
  }),
]

async function picture({
  deps,
  request,
}: Pick<Input<unknown, unknown, unknown>, 'deps' | 'request'>): Promise<Response> {
  const { pathname } = new URL(request.url)
  const url = await readPicturePath(deps.config.encryptionKeys, pathname)
  if (url === null) throw notFound('picture of this address')
  const found = await getPicture(deps, url)
  switch (found.kind) {
    case 'missing':
      throw new Problem(404, `The picture can not be had: ${found.reason}`)
    case 'busy':
      throw new Problem('instance_busy', 'The instance of this picture has been asked enough for now', {
        headers: { 'retry-after': String(found.retryAfterSeconds) },
      })
    case 'picture': {
      const headers = new Headers({
        'content-type': found.type,
        'cache-control': 'public, max-age=86400, immutable',
        etag: found.etag,
        // Whatever its bytes are, they are a picture and no page.
        'content-security-policy': "default-src 'none'; sandbox",
        'cross-origin-resource-policy': 'cross-origin',
      })
      return isNotModified(request, found.etag)
        ? new Response(null, { status: 304, headers })
        : new Response(found.bytes, { headers })
    }
  }
}
