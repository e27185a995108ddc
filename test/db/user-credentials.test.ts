/** @module What lets a user in: another password, another address, and what they make void. */
import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { changeCredentials, rehashPassword } from '../../src/db/user-credentials.ts'
import { findUser, type User, updateUser } from '../../src/db/users.ts'
import { entry, first, givenUser, logged, NOW } from '../support/accounts.ts'

describe('Another password', () => {
  const loggedIn = async () => {
    const user = await givenUser({ passwordHash: 'old', pendingEmail: 'next@x' })
    await env.DB.batch([
      env.DB.prepare('INSERT INTO sessions VALUES (?1, ?1, ?1, 1, ?1, 1, 1, NULL)').bind(user.id),
      env.DB.prepare("INSERT INTO mail_tokens VALUES (?1 || 'r', ?1, 'reset-password', '', 1)").bind(user.id),
      env.DB.prepare("INSERT INTO mail_tokens VALUES (?1 || 'v', ?1, 'verify-email', '', 1)").bind(user.id),
    ])
    return user
  }
  const left = (user: User) =>
    first(
      `SELECT (SELECT count(*) FROM sessions WHERE user_id = ?1) AS sessions,
              (SELECT group_concat(purpose) FROM mail_tokens WHERE user_id = ?1) AS tokens,
              (SELECT password_hash FROM users WHERE id = ?1) AS hash,
              (SELECT pending_email FROM users WHERE id = ?1) AS pending`,
      user.id,
    )

  it('that is new ends the session and voids every mail and address that could bring another', async () => {
    const user = await loggedIn()
    const judged = { revision: user.revision, now: NOW }
    expect(await changeCredentials(env.DB, user.id, { passwordHash: 'new' }, judged, entry(user.id))).toBe(
      true,
    )
    expect(await left(user)).toEqual({ sessions: 0, tokens: null, hash: 'new', pending: null })
    expect(await logged(user.id)).toHaveLength(1)
  })

  it('that an administrator sets does the same, but leaves his address to who waits for it to be verified', async () => {
    const user = await loggedIn()
    await updateUser(env.DB, user.id, { passwordHash: 'new', updatedAt: NOW }, user.revision)
    expect(await left(user)).toEqual({ sessions: 0, tokens: null, hash: 'new', pending: null })
    const waiting = await givenUser({ state: 'waiting-for-email', pendingEmail: 'waits@x' })
    const changed = await updateUser(env.DB, waiting.id, { passwordHash: 'new', updatedAt: NOW }, null)
    expect(changed).toMatchObject({ passwordHash: 'new', pendingEmail: 'waits@x' })
  })

  it('that is refused voids nothing', async () => {
    const user = await loggedIn()
    const before = await left(user)
    const changes = { passwordHash: 'new', pendingEmail: 'other@x' }
    const judged = { revision: user.revision + 1, now: NOW }
    expect(await changeCredentials(env.DB, user.id, changes, judged, entry(user.id))).toBe(false)
    expect(await updateUser(env.DB, user.id, { passwordHash: 'new', updatedAt: NOW }, 9)).toBe('conflict')
    expect(await left(user)).toEqual(before)
    expect(await logged(user.id)).toEqual([])
  })

  it('hashed anew is no change, and does not take the place of one that was not meant', async () => {
    const user = await loggedIn()
    expect(await rehashPassword(env.DB, user.id, 'anew', 'older')).toBe(false)
    expect(await rehashPassword(env.DB, user.id, 'anew', 'old')).toBe(true)
    expect(await left(user)).toMatchObject({ sessions: 1, hash: 'anew', pending: 'next@x' })
    expect(await findUser(env.DB, user.id)).toMatchObject({
      revision: user.revision,
      updatedAt: user.updatedAt,
    })
  })

  it('stays when another address waits: what is void is only the token for the one before', async () => {
    const user = await loggedIn()
    const judged = { revision: user.revision, now: NOW }
    expect(await changeCredentials(env.DB, user.id, { pendingEmail: 'third@x' }, judged)).toBe(true)
    expect(await left(user)).toEqual({
      sessions: 1,
      tokens: 'reset-password',
      hash: 'old',
      pending: 'third@x',
    })
    await changeCredentials(
      env.DB,
      user.id,
      { pendingEmail: null },
      { ...judged, revision: judged.revision + 1 },
    )
    expect(await left(user)).toMatchObject({ hash: 'old', pending: null })
  })
})
