import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { insertMailToken, type MailToken, useMailToken } from '../../src/db/mail-tokens.ts'
import { deleteUser } from '../../src/db/users.ts'
import { givenUser, NOW, numbers } from '../support/accounts.ts'
import { countCosts } from '../support/count-costs.ts'

/** A user to whom a token was sent. */
async function sent(hash: string, like: Partial<MailToken> = {}): Promise<string> {
  const { id: userId } = await givenUser()
  await send(userId, hash, like)
  return userId
}

const send = (userId: string, hash: string, like: Partial<MailToken> = {}) =>
  insertMailToken(env.DB, {
    hash,
    userId,
    purpose: 'verify-email',
    email: `${hash}@example.org`,
    expiresAt: NOW + 1_000,
    ...like,
  })

const use = async (
  userId: string,
  hash: string,
  like: { purpose?: MailToken['purpose']; now?: number } = {},
) => (await useMailToken(env.DB, { hash, userId, purpose: 'verify-email', now: NOW, ...like }))?.email ?? null

describe('A token in a mail', () => {
  it('works once, and tells which address it was sent to', async () => {
    const userId = await sent('once')
    expect(await use(userId, 'once')).toBe('once@example.org')
    expect(await use(userId, 'once')).toBeNull()
  })

  it('of twenty that use it at once works for one', async () => {
    const userId = await sent('crowd')
    const uses = await Promise.all(Array.from({ length: 20 }, () => use(userId, 'crowd')))
    expect(uses.filter((email) => email !== null)).toEqual(['crowd@example.org'])
  })

  it('works for its user, its purpose and its hour only, and is not used up by others', async () => {
    const userId = await sent('mine')
    const other = await sent('yours')
    expect(await use(other, 'mine')).toBeNull()
    expect(await use(userId, 'mine', { purpose: 'reset-password' })).toBeNull()
    expect(await use(userId, 'mine', { now: NOW + 1_000 })).toBeNull()
    expect(await use(userId, 'mine', { now: NOW + 999 })).toBe('mine@example.org')
  })

  it('is void when another is sent for the same purpose, and only then', async () => {
    const userId = await sent('first')
    const other = await sent("other's")
    await send(userId, 'reset', { purpose: 'reset-password' })
    await send(userId, 'second')
    expect(await use(userId, 'first')).toBeNull()
    expect(await use(userId, 'second')).toBe('second@example.org')
    expect(await use(userId, 'reset', { purpose: 'reset-password' })).toBe('reset@example.org')
    expect(await use(other, "other's")).toBe("other's@example.org")
  })

  it('of many sent at once is the last one', async () => {
    const { id } = await givenUser()
    const hashes = Array.from({ length: 20 }, (_, index) => `many ${index}`)
    await Promise.all(hashes.map((hash) => send(id, hash)))
    const uses = await Promise.all(hashes.map((hash) => use(id, hash)))
    expect(uses.filter((email) => email !== null)).toHaveLength(1)
  })

  it('stored again, as after a lost answer, is the same', async () => {
    const userId = await sent('twice')
    expect(await send(userId, 'twice')).toBe(true)
    expect(await use(userId, 'twice')).toBe('twice@example.org')
  })

  it('is none of who is not there, or no longer', async () => {
    expect(await send('usr_nobody', 'nobody')).toBe(false)
    const userId = await sent('gone')
    await deleteUser(env.DB, userId)
    expect(await use(userId, 'gone')).toBeNull()
  })

  it('when storing it fails leaves the one before', async () => {
    const userId = await sent('kept')
    await sent('taken')
    await expect(send(userId, 'taken')).rejects.toThrow('UNIQUE')
    expect(await use(userId, 'kept')).toBe('kept@example.org')
  })

  it('costs a few rows among 20,000', async () => {
    const { id } = await givenUser()
    await env.DB.batch([
      env.DB.prepare(
        `${numbers(20_000)} INSERT INTO users (id, role, created_at, username) SELECT 'usr_' || i, 2, 1, 'u' || i FROM n`,
      ),
      env.DB.prepare(
        `${numbers(20_000)} INSERT INTO mail_tokens SELECT 'h' || i, 'usr_' || i, 'verify-email', '', ${NOW * 2} FROM n`,
      ),
    ])
    const { db, cost } = countCosts(env.DB)
    await insertMailToken(db, {
      hash: 'cost',
      userId: id,
      purpose: 'verify-email',
      email: '',
      expiresAt: NOW + 1,
    })
    expect(
      await useMailToken(db, { hash: 'cost', userId: id, purpose: 'verify-email', now: NOW }),
    ).toMatchObject({
      email: '',
    })
    expect(await useMailToken(db, { hash: 'none', userId: id, purpose: 'verify-email', now: NOW })).toBeNull()
    expect(cost.roundTrips).toBe(3)
    expect(cost.rowsRead).toBeLessThanOrEqual(6)
  })
})
