/** @module What the dashboard shows to whom, beside what the API lets whom do. */
import { describe, expect, it } from 'vitest'
import { RIGHTS, ROLES } from '../../src/api/rights.ts'
import { ABILITIES } from '../../src/dashboard/can.ts'

type Listed = { operation: keyof typeof RIGHTS; roles: readonly string[]; reach?: 'all' }

describe('An ability of the dashboard', () => {
  const abilities: Readonly<Record<string, Listed>> = ABILITIES
  it.each(Object.entries(abilities))('%s is of the roles that the API lets do it', (_, listed) => {
    const right = RIGHTS[listed.operation]
    const allowed = ROLES.filter((role) =>
      listed.reach === 'all' ? right[role] === 'all' : right[role] !== 'none',
    )
    expect(listed.roles).toEqual(allowed)
  })

  it('that every role has is none', () => {
    const everybodys = Object.values(abilities).filter(({ roles }) => roles.length === ROLES.length)
    expect(everybodys).toEqual([])
  })
})
