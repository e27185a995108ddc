import { Buffer } from 'node:buffer'
import { scryptSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { DEFAULT_COST, type Derive, hashPassword, type ScryptCost, verifyPassword } from '../src/passwords.ts'

const CHEAP: ScryptCost = { n: 2, r: 1, p: 1 }
const SALT = Buffer.alloc(16, 7)

/** A stored text with these parameters, whatever they are; its hash is 32 bytes of nothing. */
const storedWith = (n: number | string, r: number | string, p: number | string) =>
  `scrypt$${n}$${r}$${p}$${SALT.toString('base64url')}$${Buffer.alloc(32).toString('base64url')}`

/** A scrypt that costs nothing and notes what it was asked. Its key is that of the dummy, and of `storedWith`. */
function counted() {
  const asked: { salt: number; cost: ScryptCost }[] = []
  const derive: Derive = async (_password, salt, cost) => {
    asked.push({ salt: salt.byteLength, cost })
    return new Uint8Array(32)
  }
  return { derive, asked }
}

describe('A hash of a password', () => {
  it('says its parameters, has a salt of its own, and is what scrypt makes of them', async () => {
    const stored = await hashPassword('correct horse', CHEAP)
    expect(stored).toMatch(/^scrypt\$2\$1\$1\$[\w-]{22}\$[\w-]{43}$/)
    expect(await hashPassword('correct horse', CHEAP)).not.toBe(stored)
    const [salt = '', hash = ''] = stored.split('$').slice(-2)
    const key = scryptSync('correct horse', Buffer.from(salt, 'base64url'), 32, { N: 2, r: 1, p: 1 })
    expect(key.toString('base64url')).toBe(hash)
  })

  it('is found right for the password, and wrong for any other', async () => {
    const stored = await hashPassword('correct horse', CHEAP)
    expect(await verifyPassword('correct horse', stored)).toMatchObject({ ok: true })
    for (const other of ['correct hors', 'correct horse ', 'Correct horse', '']) {
      expect(await verifyPassword(other, stored), other).toEqual({ ok: false, needsRehash: false })
    }
  })

  it('is the same however the letters are composed', async () => {
    const stored = await hashPassword('cafe\u0301 \uFB01', CHEAP)
    expect(await verifyPassword('caf\u00E9 fi', stored)).toMatchObject({ ok: true })
  })

  it('with the parameters of today, in a Worker, is right and stays as it is', async () => {
    const stored = await hashPassword('correct horse')
    expect(stored.startsWith('scrypt$16384$8$5$')).toBe(true)
    expect(await verifyPassword('correct horse', stored)).toEqual({ ok: true, needsRehash: false })
  })

  it('with other parameters is to be made anew, but only for whom it lets in', async () => {
    const stored = await hashPassword('correct horse', CHEAP)
    expect(await verifyPassword('correct horse', stored)).toEqual({ ok: true, needsRehash: true })
    expect(await verifyPassword('wrong', stored)).toEqual({ ok: false, needsRehash: false })
  })
})

describe('Time tells nothing', () => {
  it('of a user who is not there: the same work is done, and lets nobody in', async () => {
    const known = counted()
    const unknown = counted()
    const { n, r, p } = DEFAULT_COST
    expect(await verifyPassword('x', storedWith(n, r, p), known.derive)).toMatchObject({ ok: true })
    expect(await verifyPassword('x', null, unknown.derive)).toEqual({ ok: false, needsRehash: false })
    expect(unknown.asked).toEqual(known.asked)
    expect(unknown.asked).toEqual([{ salt: 16, cost: DEFAULT_COST }])
  })

  it.each([
    ['nothing', ''],
    ['another kind', 'bcrypt$16384$8$5$AAAAAAAAAAAAAAAAAAAAAA$AAAA'],
    ['a part missing', storedWith(2, 1, 1).slice(0, -44)],
    ['a hash that is too short', storedWith(2, 1, 1).slice(0, -1)],
    ['a salt that is no base64url', storedWith(2, 1, 1).replace(/\$[\w-]{22}\$/, '$!!!!!!!!!!!!!!!!!!!!!!$')],
    ['something after it', `${storedWith(2, 1, 1)}$`],
    ['N of 1', storedWith(1, 8, 1)],
    ['N that is no power of two', storedWith(1000, 8, 1)],
    ['N that is no number', storedWith('0x10', 8, 1)],
    ['N larger than r allows', storedWith(2 ** 16, 1, 1)],
    ['r of 0', storedWith(2, 0, 1)],
    ['p of 0', storedWith(2, 1, 0)],
    ['more memory than there is', storedWith(2 ** 20, 8, 1)],
    ['more time than there is', storedWith(2, 1, 1_000_000)],
  ])('of a stored text that is malformed: %s', async (_, stored) => {
    const { derive, asked } = counted()
    expect(await verifyPassword('x', stored, derive)).toEqual({ ok: false, needsRehash: false })
    expect(asked).toEqual([{ salt: 16, cost: DEFAULT_COST }])
  })

  it('and what is let through is within the memory of a Worker', async () => {
    expect(await verifyPassword('x', storedWith(2 ** 16, 8, 1))).toEqual({ ok: false, needsRehash: false })
  })
})
