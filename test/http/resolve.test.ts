/** @module What names resolve to, and what of it lets a request go. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { addressesProblem } from '../../src/http/resolve.ts'
import { judgeTarget, targetCheck } from '../../src/http/target-check.ts'

type DnsRecord = { type: number; TTL: number; data: string }
type Reply = (() => Response) | Error | DnsRecord[]

const A = (data: string, TTL = 60): DnsRecord => ({ type: 1, TTL, data })
const AAAA = (data: string, TTL = 60): DnsRecord => ({ type: 28, TTL, data })
const CNAME = (data: string, TTL = 60): DnsRecord => ({ type: 5, TTL, data })

const json =
  (body: unknown, status = 200) =>
  () =>
    Response.json(body, { status })
const raw =
  (...made: ConstructorParameters<typeof Response>) =>
  () =>
    new Response(...made)
const rcode = (Status: number) => json({ Status, TC: false })

let resolvers = 0

/** A resolver of its own, so that no test finds what another has left, which answers in turn, and keeps its last answer. */
function resolver(...replies: (Reply | { A: Reply; AAAA: Reply })[]) {
  resolvers += 1
  const dnsUrl = `https://dns${resolvers}.example/dns-query`
  const asked: URL[] = []
  let now = 1_000_000
  const deps = {
    clock: () => now,
    fetch: async (input: RequestInfo | URL, init?: RequestInit) => {
      const url = new URL(String(input))
      const headers = new Headers(init?.headers)
      expect(headers.get('accept')).toBe('application/dns-json')
      expect(init?.redirect).toBe('manual')
      const turn = asked.filter(({ href }) => href === url.href).length
      asked.push(url)
      const reply = replies[Math.min(turn, replies.length - 1)]
      const type = url.searchParams.get('type') === 'A' ? 'A' : 'AAAA'
      const one = reply && 'A' in reply ? reply[type] : reply
      if (one instanceof Error) throw one
      if (typeof one === 'function') return one()
      const isOfType = (record: DnsRecord) =>
        ![1, 28].includes(record.type) || record.type === (type === 'A' ? 1 : 28)
      return Response.json({
        Status: 0,
        TC: false,
        RD: true,
        RA: true,
        Question: [],
        Answer: one?.filter(isOfType),
      })
    },
  }
  return {
    deps,
    dnsUrl,
    asked,
    advance: (ms: number) => {
      now += ms
    },
    problem: (host = 'receiver.example') => addressesProblem(deps, dnsUrl, new URL(`https://${host}/hook`)),
  }
}

afterEach(() => {
  vi.useRealTimers()
})

describe('The addresses of a name', () => {
  it('are asked for once each, of IPv4 and of IPv6', async () => {
    const { problem, asked, dnsUrl } = resolver([A('8.8.8.8'), AAAA('2606:4700::1')])
    expect(await problem()).toBeNull()
    expect(asked.map(({ href }) => href)).toEqual([
      `${dnsUrl}?name=receiver.example&type=A`,
      `${dnsUrl}?name=receiver.example&type=AAAA`,
    ])
  })

  it('are not asked for when there is no resolver, nor of an address', async () => {
    const { deps, asked, problem } = resolver([A('10.0.0.1')])
    expect(await addressesProblem(deps, null, new URL('https://receiver.example/'))).toBeNull()
    expect(await problem('8.8.8.8')).toBeNull()
    expect(await problem('[2606:4700::1]')).toBeNull()
    expect(asked).toEqual([])
  })

  it.each<[string, DnsRecord[]]>([
    ['one', [A('8.8.8.8')]],
    ['several', [A('8.8.8.8'), A('8.8.4.4'), AAAA('2606:4700::1')]],
    ['IPv6 alone', [AAAA('2606:4700::1')]],
    ['behind aliases', [CNAME('a.cdn.example.'), CNAME('b.cdn.example.'), A('8.8.8.8')]],
    ['with a signature', [A('8.8.8.8'), { type: 46, TTL: 60, data: 'A 13 2 60 …' }]],
  ])('%s, let a request go when all are public', async (_name, records) => {
    expect(await resolver(records).problem()).toBeNull()
  })

  it.each<[string, DnsRecord[], string]>([
    ['private', [A('10.0.0.1')], '10.0.0.1'],
    ['this machine', [A('127.0.0.1')], '127.0.0.1'],
    ['metadata', [A('169.254.169.254')], '169.254.169.254'],
    ['the last of several', [A('8.8.8.8'), A('8.8.4.4'), A('192.168.1.1')], '192.168.1.1'],
    ['the first of several', [A('192.168.1.1'), A('8.8.8.8')], '192.168.1.1'],
    ['of IPv6 alone', [A('8.8.8.8'), AAAA('fd00:ec2::254')], 'fd00:ec2::254'],
    ['mapped', [AAAA('::ffff:10.0.0.1')], '::ffff:10.0.0.1'],
    ['NAT64', [AAAA('64:ff9b::8.8.8.8')], '64:ff9b::8.8.8.8'],
    ['behind aliases', [CNAME('a.cdn.example.'), A('172.16.0.1')], '172.16.0.1'],
    ['no address', [A('elsewhere.example')], 'elsewhere.example'],
    ['in another notation', [A('0x08.8.8.8')], '0x08.8.8.8'],
    ['with a zone', [AAAA('2606:4700::1%eth0')], '2606:4700::1%eth0'],
    ['empty', [A('')], ''],
  ])('refuse it when one is not public: %s', async (_name, records, shown) => {
    expect(await resolver(records).problem()).toEqual({
      kind: 'refused',
      problem: `must be public (receiver.example resolves to ${shown})`,
    })
  })

  it.each<[string, Reply]>([
    ['there is no such name', rcode(3)],
    ['it has no addresses', []],
    ['its alias has none', [CNAME('gone.example.')]],
    ['the answer has no records at all', json({ Status: 0 })],
  ])('refuse it when %s', async (_name, reply) => {
    expect(await resolver(reply).problem()).toEqual({
      kind: 'refused',
      problem: 'must have an address (receiver.example has none)',
    })
  })

  it.each<[string, Reply, string]>([
    ['SERVFAIL', rcode(2), 'the resolver answered SERVFAIL'],
    ['REFUSED', rcode(5), 'the resolver answered REFUSED'],
    ['another code', rcode(23), 'the resolver answered code 23'],
    [
      'cut off',
      json({ Status: 0, TC: true, Answer: [A('8.8.8.8')] }),
      'the answer of the resolver is cut off',
    ],
    ['500', json({ Status: 0, Answer: [A('8.8.8.8')] }, 500), 'the resolver answered 500'],
    ['429', raw('slow down', { status: 429 }), 'the resolver answered 429'],
    ['a redirect', raw(null, { status: 302, headers: { location: '/' } }), 'the resolver answered 302'],
    ['nothing', raw(null), 'the resolver answered something else than DNS in JSON'],
    ['a web page', raw('<html>'), 'the resolver answered something else than DNS in JSON'],
    ['DNS in its wire format', raw(new Uint8Array([0, 0, 129, 128])), 'something else than DNS in JSON'],
    ['a list', json([]), 'the resolver answered something else than DNS in JSON'],
    ['no code', json({ Answer: [A('8.8.8.8')] }), 'the resolver answered something else than DNS in JSON'],
    [
      'a record without a time',
      json({ Status: 0, Answer: [{ type: 1, data: '8.8.8.8' }] }),
      'something else than DNS',
    ],
    ['64 KB and more', raw(' '.repeat(65_537)), 'the resolver answered more than 65536 bytes'],
    ['no connection', new TypeError('internal error; reference = x'), 'no connection to the resolver'],
  ])(
    'are not known when the resolver answers %s: it is not sent, and not refused for good',
    async (_name, reply, why) => {
      // However the other question is answered.
      const good = { A: [A('8.8.8.8')], AAAA: [AAAA('2606:4700::1')] }
      for (const replies of [reply, { ...good, A: reply }, { ...good, AAAA: reply }]) {
        const found = await resolver(replies).problem()
        expect(found?.kind).toBe('unresolved')
        expect(found?.problem).toMatch(/^can't be checked now \(looking up receiver\.example: .*\)$/)
        expect(found?.problem).toContain(why)
      }
    },
  )

  it('are not known when the resolver is silent for 3 s, before its answer or within it', async () => {
    vi.useFakeTimers()
    const silent = (signal: AbortSignal | null | undefined) =>
      new Promise<never>((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
    const stalled = (signal: AbortSignal | null | undefined) =>
      new Response(
        new ReadableStream({
          start(controller) {
            signal?.addEventListener('abort', () => controller.error(signal.reason))
          },
        }),
      )
    for (const [index, answer] of [silent, stalled].entries()) {
      const deps = {
        clock: () => 0,
        fetch: async (_: unknown, init?: RequestInit) => answer(init?.signal),
      }
      const asking = addressesProblem(
        deps,
        `https://silent${index}.example/`,
        new URL('https://receiver.example/'),
      )
      await vi.advanceTimersByTimeAsync(2_999)
      const early = await Promise.race([asking, Promise.resolve('still waiting')])
      expect(early).toBe('still waiting')
      await vi.advanceTimersByTimeAsync(1)
      expect(await asking).toEqual({
        kind: 'unresolved',
        problem: "can't be checked now (looking up receiver.example: no answer of the resolver within 3 s)",
      })
    }
  })

  it('leave no timer running: the platform counts them', async () => {
    vi.useFakeTimers()
    expect(await resolver([A('8.8.8.8')]).problem()).toBeNull()
    expect((await resolver(new TypeError('no')).problem())?.kind).toBe('unresolved')
    expect(vi.getTimerCount()).toBe(0)
  })

  it('keeps what else the URL of the resolver says', async () => {
    const { deps, asked } = resolver([A('8.8.8.8')])
    const url = 'https://dns.example/q?profile=a&name=x'
    expect(await addressesProblem(deps, url, new URL('https://receiver.example./'))).toBeNull()
    expect(asked[0]?.search).toBe('?profile=a&name=receiver.example&type=A')
  })
})

describe('An answer is kept', () => {
  it.each([
    ['for its TTL', [A('8.8.8.8', 120)], 120],
    [
      'for the shortest of several',
      [CNAME('a.example.', 45), A('8.8.8.8', 120), AAAA('2606:4700::1', 90)],
      45,
    ],
    ['for 30 s at least', [A('8.8.8.8', 0)], 30],
    ['for 30 s at least, whatever nonsense it says', [A('8.8.8.8', -1)], 30],
    ['for 5 minutes at most', [A('8.8.8.8', 86_400)], 300],
    ['for 30 s when there is no address', [], 30],
  ] as const)('%s', async (_name, records, seconds) => {
    const { problem, asked, advance } = resolver([...records])
    const first = await problem()
    advance(seconds * 1_000 - 1)
    expect(await problem()).toEqual(first)
    expect(asked).toHaveLength(2)
    advance(1)
    await problem()
    expect(asked).toHaveLength(4)
  })

  it('for 3 s when the resolver failed', async () => {
    const { problem, asked, advance } = resolver(rcode(2), [A('8.8.8.8')])
    expect((await problem())?.kind).toBe('unresolved')
    advance(2_999)
    expect((await problem())?.kind).toBe('unresolved')
    expect(asked).toHaveLength(2)
    advance(1)
    expect(await problem()).toBeNull()
  })

  it('and no longer: a name that leads elsewhere by then is refused', async () => {
    const { problem, advance } = resolver([A('8.8.8.8', 1)], [A('127.0.0.1', 1)])
    expect(await problem()).toBeNull()
    advance(29_999)
    expect(await problem()).toBeNull()
    advance(1)
    expect(await problem()).toMatchObject({ kind: 'refused' })
  })

  it('by name and by resolver', async () => {
    const { problem, deps, asked } = resolver([A('8.8.8.8')])
    await problem('a.example')
    await problem('b.example')
    await addressesProblem(deps, 'https://another.example/', new URL('https://a.example/'))
    expect(asked).toHaveLength(6)
    // The same name.
    await problem('A.example.:8443')
    expect(asked).toHaveLength(6)
  })

  it('of the last thousand names', async () => {
    const { problem, asked } = resolver([A('8.8.8.8')])
    for (let index = 0; index <= 1_000; index += 1) await problem(`n${index}.example`)
    asked.splice(0)
    await problem('n1000.example')
    expect(asked).toEqual([])
    await problem('n0.example')
    expect(asked).toHaveLength(2)
  })

  it('and is waited for together by those who ask at once, in one invocation', async () => {
    const { problem, asked } = resolver([A('8.8.8.8')])
    expect(await Promise.all([problem(), problem(), problem()])).toEqual([null, null, null])
    expect(asked).toHaveLength(2)
  })
})

describe('targetCheck', () => {
  const config = { allowLocalTargets: false, publicUrl: 'https://tubewire.example' }

  it('judges the URL before its name is looked up, and then its addresses', async () => {
    const { deps, dnsUrl, asked } = resolver([A('10.0.0.1')])
    const check = (url: string) => targetCheck({ ...deps, config: { ...config, dnsUrl } }, new URL(url))
    expect(await check('https://localhost/')).toBe(
      'must be public, and this is no public name (got https://localhost)',
    )
    expect(await check('https://tubewire.example/')).toMatch("must not be Tubewire's own host")
    expect(asked).toEqual([])
    expect(await check('https://receiver.example/')).toBe(
      'must be public (receiver.example resolves to 10.0.0.1)',
    )
  })

  it('looks nothing up where local addresses are allowed', async () => {
    const { deps, dnsUrl, asked } = resolver([A('10.0.0.1')])
    const local = { ...deps, config: { ...config, allowLocalTargets: true, dnsUrl } }
    expect(await targetCheck(local, new URL('http://nas.local/'))).toBeNull()
    expect(asked).toEqual([])
  })

  it('knows where a request has reached Tubewire, besides its public URL', async () => {
    const { deps } = resolver()
    const judge = (url: string, ownHost?: string) =>
      judgeTarget({ ...deps, config: { ...config, dnsUrl: null } }, new URL(url), ownHost)
    expect(await judge('https://tubewire.workers.example/')).toBeNull()
    for (const url of ['https://tubewire.workers.example/', 'https://tubewire.example/'])
      expect(await judge(url, 'tubewire.workers.example')).toMatchObject({ kind: 'refused' })
  })
})
