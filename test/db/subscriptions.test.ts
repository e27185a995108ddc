/** @module Changing a subscription: its filter, its columns and its keys go together, whoever else changes it. */
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { insertEndpoint } from '../../src/db/endpoints.ts'
import {
  deleteSubscription,
  findSubscription,
  insertSubscription,
  updateSubscription,
} from '../../src/db/subscriptions.ts'
import { entry, first, logged } from '../support/accounts.ts'

const OWNER = 'usr_administrator'
const subscription = { id: 'sub_1', endpointId: 'ep_1', filter: { tags: ['a'] }, createdAt: 1 }

beforeEach(async () => {
  await env.DB.prepare('DELETE FROM endpoints').run()
  await insertEndpoint(
    env.DB,
    { id: 'ep_1', ownerId: OWNER, url: '', description: '', secret: '', createdAt: 1, verifiedAt: 1 },
    undefined,
    {},
    { types: ['video.*'] },
  )
  expect(await insertSubscription(env.DB, subscription, OWNER, entry('sub_1'))).toMatchObject({ revision: 0 })
})

const keys = async () =>
  (
    await env.DB.prepare(
      "SELECT type, kind, value FROM subscription_keys WHERE subscription_id = 'sub_1'",
    ).all()
  ).results
const columns = () => first("SELECT tags, text, nsfw FROM subscriptions WHERE id = 'sub_1'")

describe('A subscription', () => {
  it('that two change from the same state is as the first of them says, and so are its keys', async () => {
    const read = { id: 'sub_1', revision: 0 }
    expect(await updateSubscription(env.DB, read, { tags: ['B', 'c'] }, 2, entry('first'))).toBe(true)
    expect(await updateSubscription(env.DB, read, { text: 'Late', nsfw: true }, 3, entry('second'))).toBe(
      false,
    )
    expect(await findSubscription(env.DB, 'sub_1', OWNER)).toMatchObject({
      filter: { tags: ['B', 'c'] },
      revision: 1,
      updatedAt: 2,
    })
    expect(await columns()).toEqual({ tags: '\u001Fb\u001Fc\u001F', text: null, nsfw: null })
    expect(await keys()).toEqual([
      { type: '*', kind: 'tag', value: 'b' },
      { type: '*', kind: 'tag', value: 'c' },
    ])
    expect([await logged('first'), await logged('second')].map((found) => found.length)).toEqual([1, 0])
  })

  it('of which a part is taken away forgets it in its columns', async () => {
    const read = { id: 'sub_1', revision: 0 }
    await updateSubscription(env.DB, read, { text: 'ΟΔΟΣ', nsfw: false }, 2, entry('x'))
    expect(await columns()).toEqual({ tags: null, text: 'οδοσ', nsfw: 0 })
    await updateSubscription(env.DB, { id: 'sub_1', revision: 1 }, {}, 3, entry('x'))
    expect(await columns()).toEqual({ tags: null, text: null, nsfw: null })
    expect(await keys()).toEqual([{ type: '*', kind: '', value: '' }])
  })

  it('is removed as it was seen, and leaves no keys', async () => {
    expect(await deleteSubscription(env.DB, 'sub_1', 7, entry('gone'))).toBe(false)
    expect(await deleteSubscription(env.DB, 'sub_1', 0, entry('gone'))).toBe(true)
    expect(await keys()).toEqual([])
    expect(await first('SELECT count(*) AS count FROM subscription_keys')).toEqual({ count: 1 })
  })

  it('is not made for what is gone or somebody else’s, nor beyond what an endpoint may have', async () => {
    const another = { ...subscription, id: 'sub_2' }
    const make = (more: object, ownerId = OWNER, most = 9) =>
      insertSubscription(env.DB, { ...another, ...more }, ownerId, entry('none'), { most })
    expect(await make({ endpointId: 'ep_gone' })).toBe('missing')
    expect(await make({}, 'usr_other')).toBe('missing')
    expect(await make({}, OWNER, 2)).toBe('full')
    expect(await first('SELECT count(*) AS count FROM subscriptions')).toEqual({ count: 2 })
    expect(await logged('none')).toEqual([])
  })
})
