/** @module The tokens of a connection: renewed in time, by one at a time, and never lost unnoticed. */
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { findConnection, insertConnection } from '../../src/db/connections.ts'
import { newId } from '../../src/db/id.ts'
import { commitSetback, type DueSource, dueSources } from '../../src/db/polls.ts'
import { NEVER } from '../../src/db/readable.ts'
import { login } from '../../src/peertube/login.ts'
import { accessToken, type TokenOutcome } from '../../src/workers/connection-tokens.ts'
import { clientDeps, type Deps } from '../../src/workers/deps.ts'
import { type InstanceAccess, instanceAccess } from '../../src/workers/instance-access.ts'
import { openTokens, sealTokens } from '../../src/workers/sealed-tokens.ts'
import type { RemoteInstance } from '../simulator/client.ts'
import { entry, givenUser } from '../support/accounts.ts'
import { control, count, subscribe, type Tubewire, testDeps, watch } from '../support/harness.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

let tubewire: Tubewire
let instance: RemoteInstance
let source: DueSource
beforeEach(async () => {
  tubewire = testDeps()
  instance = await control.instance({ videos: 0 })
  source = await connect(tubewire.deps)
})

/** Logs alice in. @returns the source of her notifications. */
async function connect(deps: Deps): Promise<DueSource> {
  const instanceId = await watch(instance.origin, deps)
  const granted = await login(clientDeps(deps), instance.origin, { username: 'alice', password: 'alicepass' })
  if (granted.kind !== 'ok') throw new Error(granted.kind)
  const id = newId('con')
  const now = deps.clock()
  const given = { ...granted.client, origin: instance.origin }
  const sealed = await sealTokens(deps.config.encryptionKeys, id, given, granted.tokens, now)
  const connection = {
    id,
    ownerId: (await givenUser()).id,
    instanceId,
    username: 'alice',
    role: 2,
    createdAt: now,
  }
  const wanted = { notifications: true, comments: true, subscriptions: false }
  await insertConnection(env.DB, { ...connection, ...sealed }, wanted, entry(id))
  const due = (await dueSources(env.DB, instanceId, NEVER)).find(({ kind }) => kind === 'notifications')
  if (!due) throw new Error('there is no source')
  return due
}

const id = () => String(source.connectionId)
const stored = async () => {
  const found = await findConnection(env.DB, id(), null)
  if (!found) throw new Error('gone')
  return found
}

const accessOf = (deps = tubewire.deps) =>
  instanceAccess(deps.env.RATE_LIMITER, instance.host, newId('run'), deps.clock)

/** A poll's question, with a lease of its own. */
async function ask(refused: string[] = [], deps = tubewire.deps): Promise<TokenOutcome> {
  const access = accessOf(deps)
  try {
    return await accessToken(deps, access, source, refused)
  } finally {
    await access.leave()
  }
}

/** An access that is never refused: as if two held the lease at once. */
const unlimited: InstanceAccess = {
  ask: async () => ({ kind: 'granted', requests: 1, limit: null }),
  observe: async () => undefined,
  leave: async () => undefined,
}

async function tokenOf(outcome: TokenOutcome | Promise<TokenOutcome>): Promise<string> {
  const settled = await outcome
  if (settled.kind !== 'token') throw new Error(JSON.stringify(settled))
  return settled.token
}

/** Whom the instance takes it for, or the status of its refusal. */
async function ownerOf(token: string): Promise<string | number> {
  const response = await fetch(`${instance.origin}/api/v1/users/me`, {
    headers: { authorization: `Bearer ${token}` },
  })
  const { username }: { username?: string } = await response.json()
  return username ?? response.status
}

/** How many refreshes have reached the instance: its logins but the first. */
const refreshes = async () =>
  (await instance.requests()).filter(({ path }) => path === '/api/v1/users/token').length - 1

async function turn(ms: number) {
  tubewire.advance(ms)
  await instance.advance(ms)
}

/** Commits what a poll does with a session that has ended. */
async function commit(outcome: TokenOutcome) {
  if (outcome.kind !== 'expired') throw new Error(outcome.kind)
  return commitSetback(env.DB, source, newId('poll'), {
    now: tubewire.deps.clock(),
    dueAt: NEVER,
    dueReason: 'expired',
    failure: null,
    events: [outcome.event],
    writes: [outcome.write],
  })
}

/** The Worker breaks off: at the answer of the instance, before or after it was given. */
function breakingOff(when: 'before' | 'after'): Deps {
  return {
    ...tubewire.deps,
    fetch: async (input, init) => {
      if (when === 'after') await (await fetch(input, init)).body?.cancel()
      // No failure of a connection, which the client would take for an answer: the invocation ends here.
      return new Promise<Response>(() => undefined)
    },
  }
}

/** Begins a poll that never ends, and waits until its refresh is under way. */
async function beginAndBreakOff(when: 'before' | 'after', refused: string[] = []): Promise<void> {
  const before = await refreshes()
  void accessToken(breakingOff(when), unlimited, source, refused)
  await vi.waitFor(async () => {
    expect((await stored()).refreshingSince).not.toBeNull()
    if (when === 'after') expect(await refreshes()).toBe(before + 1)
  })
}

describe('An access token', () => {
  it('is what the login gave, until an hour before its end, and costs the instance nothing', async () => {
    const first = await tokenOf(ask())
    expect(await ownerOf(first)).toBe('alice')
    await turn(DAY - HOUR - 2_000)
    const outcome = await ask()
    expect(outcome).toMatchObject({ kind: 'token', token: first, connection: { username: 'alice', role: 2 } })
    expect(await refreshes()).toBe(0)
  })

  it('is renewed then: the new one works, the old one does not, and both new ones are stored', async () => {
    const first = await tokenOf(ask())
    await turn(DAY - HOUR)
    const second = await tokenOf(ask())
    expect(second).not.toBe(first)
    expect([await ownerOf(second), await ownerOf(first)]).toEqual(['alice', 401])
    expect(await tokenOf(ask())).toBe(second)
    expect(await refreshes()).toBe(1)
    expect(await stored()).toMatchObject({ refreshingSince: null, state: 'active', lastError: null })
    // And so on: the new refresh token is the one that counts.
    for (let day = 0; day < 20; day += 1) {
      await turn(DAY - HOUR)
      expect(await ownerOf(await tokenOf(ask()))).toBe('alice')
    }
  })

  it('that ends sooner than an hour is not renewed at each poll', async () => {
    const { encryptionKeys } = tubewire.deps.config
    const now = tubewire.deps.clock()
    const tokens = {
      accessToken: 'a',
      refreshToken: 'r',
      accessExpiresAt: now + 600_000,
      refreshExpiresAt: 0,
    }
    const sealed = await sealTokens(
      encryptionKeys,
      'con_1',
      { clientId: 'c', clientSecret: 's', origin: 'https://peertube.example' },
      tokens,
      now,
    )
    expect(await openTokens(encryptionKeys, 'con_1', sealed.tokens)).toMatchObject({ renewAt: now + 300_000 })
  })

  it('is shown to nobody but who gave it: an instance that has moved is logged in to anew', async () => {
    const elsewhere = await control.instance({ videos: 0 })
    const moved = { ...source, instance: { ...source.instance, origin: elsewhere.origin } }
    const access = accessOf(tubewire.deps)
    const outcome = await accessToken(tubewire.deps, access, moved)
    await access.leave()
    expect(outcome).toMatchObject({ kind: 'expired', event: { data: { reason: 'moved' } } })
    expect(await elsewhere.requests()).toEqual([])
  })

  it('is of the connection alone that it was encrypted for', async () => {
    const { tokens } = await stored()
    const { encryptionKeys } = tubewire.deps.config
    expect(await openTokens(encryptionKeys, 'con_other', String(tokens))).toMatch(/can't be read/)
    expect(tokens).not.toContain(await tokenOf(ask()))
  })

  it('is the same under a new key, and is stored under it when it is renewed', async () => {
    const { config } = tubewire.deps
    const [old] = config.encryptionKeys
    if (!old) throw new Error('no key')
    const added = { id: 'new', bytes: new Uint8Array(32).fill(2) }
    const both = { ...tubewire.deps, config: { ...config, encryptionKeys: [added, old] } }
    const only = { ...tubewire.deps, config: { ...config, encryptionKeys: [added] } }
    expect(await ownerOf(await tokenOf(ask([], both)))).toBe('alice')
    // Too early: what is lost comes back with its key.
    const lost = await ask([], only)
    expect(lost).toMatchObject({ kind: 'failed', reason: 'keys', detail: expect.stringContaining('"test"') })
    await turn(DAY)
    const renewed = await tokenOf(ask([], both))
    expect((await stored()).tokens).toMatch(/^new\./)
    expect(await tokenOf(ask([], only))).toBe(renewed)
  })

  it('is none of a connection that is gone or has expired', async () => {
    await env.DB.prepare("UPDATE connections SET state = 'expired' WHERE id = ?").bind(id()).run()
    expect(await ask()).toMatchObject({ kind: 'ended' })
    await env.DB.prepare('DELETE FROM connections WHERE id = ?').bind(id()).run()
    expect(await ask()).toMatchObject({ kind: 'ended' })
  })
})

describe('Of two who would renew', () => {
  beforeEach(() => turn(DAY))

  it('one does: the other finds the instance taken', async () => {
    const outcomes = await Promise.all([ask(), ask()])
    expect(outcomes.map(({ kind }) => kind).toSorted()).toEqual(['token', 'wait'])
    expect(await refreshes()).toBe(1)
  })

  it('one does, even when both hold the lease', async () => {
    const polls = Array.from({ length: 5 }, () => accessToken(tubewire.deps, unlimited, source))
    const outcomes = await Promise.all(polls)
    expect(outcomes.map(({ kind }) => kind).toSorted()).toEqual(['token', 'wait', 'wait', 'wait', 'wait'])
    expect(await refreshes()).toBe(1)
    expect(await ownerOf(await tokenOf(ask()))).toBe('alice')
  })
})

describe('A refresh that is broken off', () => {
  beforeEach(() => turn(DAY))

  it('before the instance was asked is made again, when it must have ended', async () => {
    await beginAndBreakOff('before')
    expect(await ask()).toMatchObject({ kind: 'wait', waitMs: 60_000 })
    await turn(60_000)
    expect(await ownerOf(await tokenOf(ask()))).toBe('alice')
    expect(await refreshes()).toBe(1)
  })

  it('after it answered has lost the session: that is found, told once, and the tokens are dropped', async () => {
    const { id: endpoint } = await subscribe('http://127.0.0.1:1/', tubewire.deps)
    await env.DB.prepare('UPDATE subscriptions SET owner_id = ? WHERE endpoint_id = ?')
      .bind(source.ownerId, endpoint)
      .run()
    const stranger = await subscribe('http://127.0.0.1:2/', tubewire.deps)
    await beginAndBreakOff('after')
    await turn(60_000)
    const outcome = await ask()
    expect(outcome).toMatchObject({
      kind: 'expired',
      detail: `${instance.host} has ended this session: log in again`,
      event: {
        type: 'connection.expired',
        subject: id(),
        ownerId: source.ownerId,
        data: { connection: { id: id(), username: 'alice' }, reason: 'session-ended' },
      },
    })
    expect(await commit(outcome)).toMatchObject({ kind: 'committed', events: [{ subject: id() }] })
    const connection = await stored()
    expect(connection).toMatchObject({ state: 'expired', tokens: null, refreshingSince: null })
    expect(connection.lastError).toContain('log in again')
    expect(connection.sources.map(({ dueAt }) => dueAt)).toEqual([NEVER, NEVER])
    const owed = 'SELECT count(*) AS count FROM deliveries WHERE endpoint_id = ?'
    expect(await count(owed, endpoint)).toBe(1)
    expect(await count(owed, stranger.id)).toBe(0)
    // Nobody asks again, and nothing is told again.
    expect(await ask()).toMatchObject({ kind: 'ended' })
    expect(await commit(outcome)).toEqual({ kind: 'superseded' })
    expect(await count('SELECT count(*) AS count FROM events WHERE subject = ?', id())).toBe(1)
  })

  it('long before the token ends is made again: whether the token still holds nobody knows', async () => {
    const first = await tokenOf(ask())
    await beginAndBreakOff('before', [first])
    await turn(60_000)
    expect(await tokenOf(ask())).not.toBe(first)
    expect((await stored()).refreshingSince).toBeNull()
  })

  it('when its end was not committed is found again', async () => {
    await instance.setAccount('alice', { state: 'blocked' })
    expect(await ask()).toMatchObject({ kind: 'expired' })
    await turn(60_000)
    const again = await ask()
    expect(await commit(again)).toMatchObject({ kind: 'committed' })
    expect(await stored()).toMatchObject({ state: 'expired', tokens: null })
  })

  it.each([1, 2])('for the database, %s times, keeps the new pair', async (times) => {
    let left = times
    const DB = new Proxy(env.DB, {
      get(target, name) {
        const value = Reflect.get(target, name)
        if (name !== 'prepare') return typeof value === 'function' ? value.bind(target) : value
        return (sql: string) => {
          if (sql.includes('SET tokens') && left > 0) {
            left -= 1
            throw new Error('Network connection lost')
          }
          return target.prepare(sql)
        }
      },
    })
    const deps = { ...tubewire.deps, env: { ...tubewire.deps.env, DB } }
    const token = await tokenOf(ask([], deps))
    expect(left).toBe(0)
    expect(await tokenOf(ask())).toBe(token)
  })
})

describe('A refresh that fails', () => {
  it.each(['502', '500', 'close', 'html-200'] as const)(
    '%s is no end: it is made again later, with the old token',
    async (kind) => {
      await turn(DAY)
      await instance.fail({ kind, path: '/api/v1/users/token', times: 1 })
      const failed = await ask()
      expect(failed).toMatchObject({ kind: 'failed', detail: expect.stringMatching(/answered|reached/) })
      expect(await stored()).toMatchObject({
        state: 'active',
        refreshingSince: null,
        lastError: expect.stringContaining('could not be renewed'),
      })
      expect(await ownerOf(await tokenOf(ask()))).toBe('alice')
      expect((await stored()).lastError).toBeNull()
    },
  )

  it('429 waits as long as asked; a token that has not ended does until then', async () => {
    const first = await tokenOf(ask())
    await turn(DAY - HOUR)
    await instance.fail({ kind: '429', path: '/api/v1/users/token', times: 2, retryAfter: '30' })
    expect(await tokenOf(ask())).toBe(first)
    await turn(HOUR)
    expect(await ask()).toMatchObject({ kind: 'wait', waitMs: 30_000 })
    expect(await stored()).toMatchObject({ state: 'active', refreshingSince: null })
    await turn(30_000)
    expect(await ownerOf(await tokenOf(ask()))).toBe('alice')
  })

  it('asks for leave of logins first, and makes none without', async () => {
    const asked: unknown[] = []
    const spent: InstanceAccess = {
      ...unlimited,
      ask: async (bucket) => {
        asked.push(bucket)
        return { kind: 'wait', reason: 'budget', waitMs: 7_000 }
      },
    }
    await turn(DAY - HOUR)
    expect(await accessToken(tubewire.deps, spent, source)).toMatchObject({ kind: 'token' })
    await turn(HOUR)
    expect(await accessToken(tubewire.deps, spent, source)).toMatchObject({ kind: 'wait', waitMs: 7_000 })
    expect(asked).toEqual(['login', 'login'])
    expect(await refreshes()).toBe(0)
    expect((await stored()).refreshingSince).toBeNull()
  })
})

describe('A token that is refused in a poll', () => {
  it('is renewed once; when the new one is refused too the session has ended', async () => {
    const first = await tokenOf(ask())
    const second = await tokenOf(ask([first]))
    expect(await ownerOf(second)).toBe('alice')
    // Somebody who was refused the old one finds the new one.
    expect(await tokenOf(ask([first]))).toBe(second)
    expect(await refreshes()).toBe(1)
    const outcome = await ask([first, second])
    expect(outcome).toMatchObject({ kind: 'expired', event: { data: { reason: 'session-ended' } } })
    expect(await refreshes()).toBe(1)
    await commit(outcome)
    expect(await stored()).toMatchObject({ state: 'expired', tokens: null })
  })

  it('of an account that was blocked there has ended', async () => {
    const first = await tokenOf(ask())
    await instance.setAccount('alice', { state: 'blocked' })
    expect(await ownerOf(first)).toBe(401)
    expect(await ask([first])).toMatchObject({
      kind: 'expired',
      event: { data: { reason: 'session-ended' } },
    })
  })
})

describe('What is told of it', () => {
  it('holds no token', async () => {
    const first = await tokenOf(ask())
    await instance.setAccount('alice', { state: 'blocked' })
    const outcome = await ask([first])
    const { results } = await env.DB.prepare('SELECT * FROM connections').all()
    for (const text of [JSON.stringify(outcome), JSON.stringify(results), JSON.stringify(tubewire.log)])
      expect(text).not.toContain(first)
  })
})
