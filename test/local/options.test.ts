import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readSecrets } from '../../src/local/dev-vars.ts'
import { Mistake } from '../../src/local/mistake.ts'
import { parseOptions } from '../../src/local/options.ts'
import { describeLog } from '../../src/local/print.ts'

describe('parseOptions', () => {
  it('has defaults', () => {
    expect(parseOptions([])).toEqual({
      port: 8787,
      instances: [],
      webhooks: [],
      login: null,
      every: null,
      backfill: 0,
      data: '.wrangler',
      fresh: false,
      help: false,
    })
  })

  it('takes repeated instances and webhooks', () => {
    const options = parseOptions([
      '--instance',
      'https://a.example',
      '--instance=http://localhost:9000',
      '--webhook',
      'http://b.example/x',
    ])
    expect(options.instances.map(({ url }) => url.href)).toEqual([
      'https://a.example/',
      'http://localhost:9000/',
    ])
    expect(options.webhooks.map(({ href }) => href)).toEqual(['http://b.example/x'])
  })

  it('takes instances, channels and accounts in any form that people paste', () => {
    const pastes = ['a.example', '@news@a.example', 'https://b.example/a/alice/videos']
    const { instances } = parseOptions(pastes.flatMap((paste) => ['--instance', paste]))
    expect(instances.map(({ text, url, named }) => [text, url.href, named])).toEqual([
      [pastes[0], 'https://a.example/', { kind: 'instance' }],
      [pastes[1], 'https://a.example/', { kind: 'actor', name: 'news' }],
      [pastes[2], 'https://b.example/', { kind: 'account', name: 'alice' }],
    ])
  })

  it('takes what is named twice once', () => {
    const twice = ['--instance', 'https://a.example', '--webhook', 'http://b.example/x']
    const options = parseOptions([...twice, ...twice, '--instance', 'https://A.example/'])
    expect(options.instances).toHaveLength(1)
    expect(options.webhooks).toHaveLength(1)
  })

  it.each([
    [['--prot', '1'], "Unknown option '--prot'"],
    [['extra'], `Unexpected argument 'extra': options follow "npm start --"`],
    [['--port'], '--port needs a value'],
    [['--instance', '--webhook', 'http://x'], '--instance needs a value'],
    [['--fresh=yes'], "Option '--fresh' does not take an argument"],
    [['--login', 'alice'], '--login needs one --instance, the one that has the account (got 0)'],
    [
      ['--login', 'alice', '--instance', 'https://a.example', '--instance', 'https://b.example'],
      '--login needs one --instance, the one that has the account (got 2)',
    ],
    [['--login=', '--instance', 'https://a.example'], '--login must name an account'],
    [['--port', '0'], '--port must be a whole number from 1 to 65535'],
    [['--port', '99999'], '--port must be a whole number from 1 to 65535'],
    [['--port', '80a'], '--port must be a whole number from 1 to 65535'],
    [['--every', '0'], '--every must be a whole number from 1 to 86400'],
    [['--backfill', '-1'], '--backfill must be a whole number from 0 to 1000'],
    [['--backfill', '--fresh'], '--backfill needs a value'],
    [['--backfill=-1'], '--backfill must be a whole number from 0 to 1000'],
    [['--backfill', '1001'], '--backfill must be a whole number from 0 to 1000'],
    [
      ['--instance', 'two words'],
      '--instance must be one address, without spaces and backslashes (got two words)',
    ],
    [
      ['--instance', '@news'],
      '--instance must have the host after the name, as in @name@peertube.example (got @news)',
    ],
    [['--instance', 'ftp://a.example'], '--instance must be http or https (got ftp://a.example)'],
    [['--webhook', 'http://u:p@localhost/x'], '--webhook must not carry a user or a password'],
    [['--webhook', 'ftp://x'], '--webhook must be a URL with http:// or https:// (got ftp://x)'],
    [['--data', ''], '--data must name a folder'],
  ])('%j: one clear line', (args, message) => {
    expect(() => parseOptions(args)).toThrow(message)
    expect(() => parseOptions(args)).not.toThrow('\n')
  })
})

describe('readSecrets', () => {
  it('makes what is missing, once, for its owner only, and keeps the rest', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tubewire-test-'))
    const path = join(folder, '.dev.vars')
    const first = await readSecrets(path)
    expect(first.ADMIN_KEY.length).toBeGreaterThanOrEqual(24)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(await readSecrets(path)).toEqual(first)

    await writeFile(path, 'ADMIN_KEY="mine-mine-mine-mine-mine"\nSIGNUP=open')
    const second = await readSecrets(path)
    expect(second).toMatchObject({ ADMIN_KEY: 'mine-mine-mine-mine-mine', SIGNUP: 'open' })
    expect(await readFile(path, 'utf8')).toMatch(
      /^ADMIN_KEY="mine-mine-mine-mine-mine"\nSIGNUP=open\nENCRYPTION_KEYS=/,
    )
    await rm(folder, { recursive: true })
  })
})

describe('Of many starts at once', () => {
  it('all have the secrets of the first, and nothing is left beside them', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tubewire-test-'))
    const path = join(folder, '.dev.vars')
    const all = await Promise.all(Array.from({ length: 20 }, () => readSecrets(path)))
    expect(new Set(all.map(({ ENCRYPTION_KEYS }) => ENCRYPTION_KEYS)).size).toBe(1)
    expect(await readSecrets(path)).toEqual(all[0])
    expect(await readdir(folder)).toEqual(['.dev.vars'])
    await rm(folder, { recursive: true })
  })
})

describe('A line of .dev.vars', () => {
  it.each([
    ['SIGNUP: open', false],
    ['SIGNUP=open\ngarbage', false],
    ['# a comment, it’s one\n\n  # "another\nSIGNUP=open # closed?\n', true],
    ['export SIGNUP="open"\r\nMAIL_FROM=a@b.example\r\n', true],
    ['SMTP_URL="a\nb"\nSIGNUP=open', true],
  ])('is NAME=value, or refused: %j', async (text, isGood) => {
    const folder = await mkdtemp(join(tmpdir(), 'tubewire-test-'))
    const path = join(folder, '.dev.vars')
    await writeFile(path, text)
    const read = readSecrets(path)
    if (isGood) expect(await read).toMatchObject({ SIGNUP: 'open' })
    else await expect(read).rejects.toThrow('.dev.vars has a line that is no NAME=value')
    await rm(folder, { recursive: true })
  })
})

describe('A variable that Tubewire does not know', () => {
  it.each([
    ['SIGN_UP=open', 'SIGN_UP (did you mean SIGNUP?)'],
    ['signup=open', 'signup (did you mean SIGNUP?)'],
    ['PUBLIC_URI=', 'PUBLIC_URI (did you mean PUBLIC_URL?)'],
    ['RATE_LIMITS_API=1/1', 'RATE_LIMITS_API (did you mean RATE_LIMIT_API?)'],
    ['COLOUR=red', 'COLOUR'],
    ['X=1\nADMINKEY=2\nSIGNUP=open', 'ADMINKEY (did you mean ADMIN_KEY?), X'],
  ])('of %j is named, with what was meant, and nothing is written', async (text, named) => {
    const folder = await mkdtemp(join(tmpdir(), 'tubewire-test-'))
    const path = join(folder, '.dev.vars')
    await writeFile(path, text)
    const message = `.dev.vars sets what Tubewire doesn't know: ${named}. docs/configuration.md lists the variables`
    await expect(readSecrets(path)).rejects.toEqual(new Mistake(message))
    expect(await readFile(path, 'utf8')).toBe(text)
    await rm(folder, { recursive: true })
  })
})

describe('describeLog', () => {
  it('lets nothing that an instance sent move the cursor or begin a line', () => {
    const title = 'a\u001b[2J\r\nb\u202ec\u0007'
    const line = describeLog(
      'log',
      JSON.stringify({
        log: 'event',
        sequence: 1,
        event: 'evt_1',
        type: 'video.published',
        instance: 'h',
        subject: 's',
        title,
      }),
    )
    expect(line).toBe('+ video.published  h  "a [2J b c "  #1')
  })

  it.each([
    [{ state: 'verified' }, '> http://r.example (ep_1) wants this: it is sent what it is owed'],
    [
      { state: 'unverified', detail: 'answered 404' },
      '! http://r.example (ep_1) did not say that it wants this, and is sent nothing yet: answered 404. Ask it again with POST /api/v1/endpoints/ep_1/verify (docs/webhooks.md)',
    ],
    [
      { state: 'broken', detail: '5 failures in a row', dueAt: 0 },
      '! http://r.example (ep_1) is down: 5 failures in a row; all that it is owed waits for a probe, in 0 s',
    ],
    [{ state: 'recovered' }, '> http://r.example (ep_1) is well again: what waited goes out'],
    [
      { state: 'disabled', detail: 'it answered 410: it is gone' },
      '! http://r.example (ep_1) is disabled: it answered 410: it is gone. What it is owed waits until it is resumed',
    ],
  ])('says of an endpoint what became of it: %j', (what, line) => {
    const entry = { log: 'endpoint', endpoint: 'ep_1', url: 'http://r.example', ...what }
    expect(describeLog('log', JSON.stringify(entry))).toBe(line)
  })

  it('shows no empty title of what is private', () => {
    const event = { log: 'event', sequence: 5, type: 'notification.created', instance: 'h', title: '' }
    expect(describeLog('log', JSON.stringify(event))).toBe('+ notification.created  h  #5')
  })

  it('says that an instance answers again, and which of two webhooks on a host it means', () => {
    const poll = { log: 'poll', instance: 'h', outcome: 'nothing-new', requests: 1, events: 0, failures: 3 }
    expect(describeLog('log', JSON.stringify(poll))).toBe('. h: it answers again, after 3 failures')
    const attempt = {
      log: 'attempt',
      endpoint: 'ep_1',
      url: 'http://localhost:3000',
      sequence: 7,
      number: 1,
      outcome: 'delivered',
      status: 200,
      durationMs: 5,
    }
    const urls = new Map([['ep_1', 'http://localhost:3000/hook']])
    expect(describeLog('log', JSON.stringify(attempt), urls)).toBe(
      '> delivered #7 to http://localhost:3000/hook: 200 in 5 ms',
    )
    expect(describeLog('log', JSON.stringify(attempt))).toContain('to http://localhost:3000 (')
  })

  it('names the request of an error, as its answer does', () => {
    const error = { log: 'error', where: 'GET /api/v1/events', error: 'Error: D1 is down' }
    const line = describeLog('error', JSON.stringify({ ...error, id: 'req_0123' }))
    expect(line).toBe('! GET /api/v1/events: Error: D1 is down (req_0123)')
    expect(describeLog('error', JSON.stringify(error))).toBe('! GET /api/v1/events: Error: D1 is down')
  })

  it('says what became of a mail', () => {
    const mail = { log: 'mail', mail: 'mail_1', outcome: 'sent' }
    expect(describeLog('log', JSON.stringify(mail))).toBe('> sent mail_1')
    const failed = {
      ...mail,
      outcome: 'retry',
      detail: 'no answer in time to DATA',
      dueAt: Date.now() + 60_000,
    }
    expect(describeLog('log', JSON.stringify(failed))).toBe(
      '! mail_1: no answer in time to DATA; next in 60 s',
    )
    const lost = { ...mail, outcome: 'gave-up', detail: 'the mail server answered 550 to RCPT TO' }
    expect(describeLog('log', JSON.stringify(lost))).toBe(
      '! gave up mail_1: the mail server answered 550 to RCPT TO',
    )
  })

  it('passes over what says nothing, and over our log lines only when they are ours', () => {
    expect(
      describeLog('log', '{"log":"poll","instance":"h","outcome":"nothing-new","requests":1,"events":0}'),
    ).toBeNull()
    expect(describeLog('error', 'something broke')).toBe('! something broke')
    expect(describeLog('error', 'e = rust/worker/ffi.rs:110: failed\nstack: x')).toBeNull()
  })
})
