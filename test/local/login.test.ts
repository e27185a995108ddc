/** @module `--login`: what is asked for, what is shown, and what goes to whom. */
import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { ApiError } from '../../src/local/api-client.ts'
import { connectAccount } from '../../src/local/connect.ts'
import { type Secrets, secretOf, type Terminal, takeSecrets } from '../../src/local/secrets.ts'

/** A terminal at which somebody types. */
function terminal(isTTY = true) {
  const input = Object.assign(new PassThrough(), { isTTY })
  const output = new PassThrough()
  let shown = ''
  output.on('data', (chunk) => {
    shown += chunk
  })
  // What is used of the two streams is here.
  return {
    at: { input, output } as unknown as Terminal,
    type: (text: string) => input.write(text),
    shown: () => shown,
  }
}

const WHOSE = 'alice at https://peertube.example'

describe('A secret', () => {
  it('is taken from the environment, which has it no longer then', () => {
    const environment = { TUBEWIRE_PASSWORD: 'p', TUBEWIRE_OTP: '', PATH: '/bin' }
    expect(takeSecrets(environment)).toEqual({ TUBEWIRE_PASSWORD: 'p' })
    expect(environment).toEqual({ PATH: '/bin' })
  })

  it('that came with the start is not asked for', async () => {
    const { at, shown } = terminal()
    expect(await secretOf({ TUBEWIRE_PASSWORD: 'p' }, 'TUBEWIRE_PASSWORD', WHOSE, at)).toBe('p')
    expect(shown()).toBe('')
  })

  it('is asked for, and not shown', async () => {
    const { at, type, shown } = terminal()
    const asked = secretOf({}, 'TUBEWIRE_PASSWORD', WHOSE, at)
    type('correct horse \r')
    expect(await asked).toBe('correct horse ')
    expect(shown()).toBe(`  Password of ${WHOSE}: \n`)
  })

  it('without a terminal is a mistake that names the variable', async () => {
    const { at } = terminal(false)
    await expect(secretOf({}, 'TUBEWIRE_PASSWORD', WHOSE, at)).rejects.toThrow(
      `Password of ${WHOSE}: there is no terminal to ask for it; set TUBEWIRE_PASSWORD`,
    )
  })

  it.each(['\r', '\u0004'])('that is not given (%j) is a mistake', async (typed) => {
    const { at, type } = terminal()
    const asked = secretOf({}, 'TUBEWIRE_OTP', WHOSE, at)
    type(typed)
    await expect(asked).rejects.toThrow(`One-time password of ${WHOSE}: none was given`)
  })
})

/** An API with these connections, which answers one login after another. */
function api(connected: object[], answers: (ApiError | null)[] = []) {
  const sent: unknown[] = []
  // What is read of a connection is in each of these.
  const made = {
    connections: async () => connected,
    addConnection: async (account: unknown) => {
      sent.push(account)
      const error = answers.shift()
      if (error) throw error
    },
  } as unknown as Parameters<typeof connectAccount>[0]
  return { made, sent }
}

const URL_OF_IT = new URL('https://peertube.example')
const known = (state: string, host = 'peertube.example') => ({ instance: { host }, username: 'alice', state })
const asks = async (secrets: Secrets, name: keyof Secrets) => secrets[name] ?? `the ${name} that was typed`

describe('An account', () => {
  it('that is connected and active is left as it is', async () => {
    const { made, sent } = api([known('active')])
    expect(await connectAccount(made, URL_OF_IT, 'Alice', {}, asks)).toBe('as before')
    expect(sent).toEqual([])
  })

  it.each([[[]], [[known('expired')]], [[known('active', 'other.example')]]])(
    'that is not, is logged in: %j',
    async (connected) => {
      const { made, sent } = api(connected)
      const secrets = { TUBEWIRE_PASSWORD: 'p' }
      expect(await connectAccount(made, URL_OF_IT, 'alice', secrets, asks)).toContain('connected')
      expect(sent).toEqual([{ instance: 'peertube.example', username: 'alice', password: 'p' }])
    },
  )

  const otpRequired = new ApiError(422, 'asks for a one-time password', 'login_otp_required')

  it('with two-factor authentication is asked for the one-time password then', async () => {
    const { made, sent } = api([], [otpRequired, null])
    await connectAccount(made, URL_OF_IT, 'alice', { TUBEWIRE_PASSWORD: 'p' }, asks)
    expect(sent).toMatchObject([{ password: 'p' }, { password: 'p', otp: 'the TUBEWIRE_OTP that was typed' }])
  })

  it('is logged in with the one-time password that came with the start at once', async () => {
    const { made, sent } = api([])
    const secrets = { TUBEWIRE_PASSWORD: 'p', TUBEWIRE_OTP: '123456' }
    await connectAccount(made, URL_OF_IT, 'alice', secrets, asks)
    expect(sent).toMatchObject([{ password: 'p', otp: '123456' }])
  })

  it('that is refused is an error', async () => {
    const { made } = api([], [new ApiError(422, 'the password is wrong', 'login_wrong_password')])
    await expect(connectAccount(made, URL_OF_IT, 'alice', { TUBEWIRE_PASSWORD: 'p' }, asks)).rejects.toThrow(
      'the password is wrong',
    )
  })
})
