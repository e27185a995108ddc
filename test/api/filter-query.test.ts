/** @module A filter in a query says what the same filter in a body says. */
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { completed, FilterInput } from '../../src/api/filter-fields.ts'
import { FILTER_QUERY, filterOfQuery } from '../../src/api/filter-query.ts'
import { Problem } from '../../src/api/problem.ts'
import { fieldsOf } from '../../src/api/request/form.ts'
import { parseParts } from '../../src/api/request/validate.ts'

const UUID = '9c9de5e8-0a1e-484a-b099-e80766180a6d'
const schema = v.strictObject(FILTER_QUERY)

function parse(query: string) {
  const input = fieldsOf(new URLSearchParams(query), 'query')
  const [parsed] = parseParts([{ location: 'query', schema, input, isFields: true }])
  return filterOfQuery(parsed as v.InferOutput<typeof schema>)
}

function refusalOf(query: string) {
  try {
    parse(query)
  } catch (error) {
    if (error instanceof Problem) return error.invalidParams
    throw error
  }
  throw new Error(`${query} was taken`)
}

describe('A filter in a query', () => {
  it.each([
    ['', {}],
    ['type=video.published', { types: ['video.published'] }],
    ['type=video.*,live.started&type=comment.*', { types: ['video.*', 'live.started', 'comment.*'] }],
    ['tag=a&tag=b%2C%20c,,a', { tags: ['a', 'b', 'c'] }],
    ['instance=https://A.example/,b.example:8443', { instances: ['https://A.example/', 'b.example:8443'] }],
    [
      'channel=cats@a.example,https://b.example/c/dogs',
      { channels: ['cats@a.example', 'https://b.example/c/dogs'] },
    ],
    ['channel=cats&instance=a.example', { channels: ['cats'], instances: ['a.example'] }],
    ['account=https://a.example/a/root', { accounts: ['https://a.example/a/root'] }],
    [`video=https://a.example/videos/watch/${UUID}`, { videos: [UUID] }],
    ['language=en,zh-Hans', { languages: ['en', 'zh-Hans'] }],
    ['category=1,15&category=3', { categories: [1, 15, 3] }],
    ['nsfw=false&localOnly=true', { nsfw: false, localOnly: true }],
    ['minDuration=60&maxDuration=3600', { minDuration: 60, maxDuration: 3600 }],
    ['q=the%20Sea', { text: 'the Sea' }],
    ['q=a,b', { text: 'a,b' }],
    ['notificationKind=newCommentOnMyVideo', { notificationKinds: ['newCommentOnMyVideo'] }],
  ])('%s', (query, filter) => {
    expect(parse(query)).toEqual(completed(v.parse(FilterInput, filter)))
  })

  it.each([
    ['type=video', 'type[0]', /^must be a type/],
    ['type=video.published,nothing', 'type[1]', /^must be a type/],
    ['type=', 'type', /^must not be empty/],
    ['tag=,', 'tag', /^must not be empty/],
    [`tag=${Array.from({ length: 101 }, (_, index) => index).join()}`, 'tag', /at most 100 items/],
    ['category=x', 'category[0]', /^must be a number/],
    ['category=1e9', 'category[0]', /^must be a number/],
    ['category=0', 'category[0]', /at least 1/],
    ['nsfw=maybe', 'nsfw', /true or false/],
    ['nsfw=true&nsfw=false', 'nsfw', /given once/],
    ['minDuration=-1', 'minDuration', /whole number/],
    ['minDuration=1&minDuration=2', 'minDuration', /given once/],
    ['minDuration=5&maxDuration=1', 'maxDuration', /not be less/],
    ['maxDuration=604801', 'maxDuration', /at most/],
    ['channel=cats', 'channel', /must have the host of cats/],
    ['account=a%20b', 'account[0]', /must name an account/],
    ['video=x', 'video[0]', /UUID/],
    ['language=english', 'language[0]', /code of a language/],
    ['q=', 'q', /must not be empty/],
    ['q=%00', 'q', /control characters/],
    ['q=a&q=b', 'q', /given once/],
    ['instance=http://', 'instance[0]', /./],
    ['types=video.*', 'types', /do you mean type/],
    [
      `type=${'video.published,'.repeat(1)}live.started,comment.created,video.updated,video.deleted,live.ended,comment.updated,comment.deleted,video.unpublished,notification.created,notification.read&tag=${Array.from({ length: 100 }, (_, index) => `t${index}`).join()}`,
      'type',
      /must be fewer/,
    ],
  ])('%s is refused by name', (query, name, msg) => {
    const refused = refusalOf(query)
    expect(Object.keys(refused ?? {})).toEqual([name])
    expect(refused?.[name]).toMatchObject({ location: 'query', msg: expect.stringMatching(msg) })
  })
})
