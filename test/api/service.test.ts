/** @module What the service says of itself: configuration, OpenAPI, reference, and who polls. */
import { describe, expect, it } from 'vitest'
import { openApi } from '../../src/api/openapi/openapi.ts'
import { OPERATIONS } from '../../src/api/operations.ts'
import { contentTypes } from '../../src/api/request/body.ts'
import { exampleOf } from '../../src/events/catalogue.ts'
import { EVENT_TYPES } from '../../src/events/types.ts'
import { send, sendTo } from '../support/call.ts'
import { expectValid } from '../support/documented.ts'
import { testDeps } from '../support/harness.ts'

type Media = { schema?: object; example?: unknown }
type Described = {
  operationId: string
  tags: string[]
  security: unknown
  requestBody?: { content: Record<string, Media> }
  responses: Record<string, { content?: Record<string, Media> }>
}
type Document = {
  openapi: string
  servers: { url: string }[]
  tags: { name: string }[]
  paths: Record<string, Record<string, Described>>
  webhooks?: Record<string, { post: Described }>
  components: { schemas: Record<string, unknown> }
}

async function document(version = ''): Promise<Document> {
  return (await send('GET', `/api/v1/openapi.json${version && `?version=${version}`}`)).json()
}

describe('The description in OpenAPI', () => {
  it.each(['3.1', '3.0'])(
    'of version %s has every route, its tag, its rights and its errors',
    async (version) => {
      const { openapi, servers, paths, tags } = await document(version)
      expect(openapi).toMatch(new RegExp(`^${version}\\.`))
      expect(servers).toEqual([{ url: 'https://tubewire.example' }])
      for (const { id, method, path } of OPERATIONS) {
        const described = paths[path.replace(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()]
        expect(described?.operationId, `${method} ${path}`).toBe(id)
        expect(tags.map(({ name }) => name)).toContain(described?.tags[0])
        expect(described?.security).toBeDefined()
        expect(Object.keys(described?.responses ?? {})).toContain('500')
      }
    },
  )

  it('has a webhook for every type of event, in 3.1, with its own payload and an example that validates', async () => {
    const { webhooks = {} } = await document()
    expect(Object.keys(webhooks)).toEqual(EVENT_TYPES)
    expect((await document('3.0')).webhooks).toBeUndefined()
    const schemas = new Set<string>()
    for (const type of EVENT_TYPES) {
      const { operationId, requestBody } = webhooks[type]?.post ?? {}
      const { schema = {}, example } = requestBody?.content['application/json'] ?? {}
      expect(operationId).toMatch(/^on[A-Z][a-z]+[A-Z][a-z]+$/)
      expect(example).toEqual(exampleOf(type))
      expectValid(type, schema, example)
      schemas.add(JSON.stringify(schema))
    }
    expect(schemas.size).toBe(EVENT_TYPES.length)
  })

  it.each(['3.1', '3.0'])('of version %s tells events apart by their type', async (version) => {
    const { components } = await document(version)
    const { oneOf, discriminator } = components.schemas['Event'] as {
      oneOf: { $ref: string }[]
      discriminator: { propertyName: string; mapping: Record<string, string> }
    }
    expect(discriminator.propertyName).toBe('type')
    expect(Object.keys(discriminator.mapping)).toEqual(EVENT_TYPES)
    expect(Object.values(discriminator.mapping)).toEqual(oneOf.map(({ $ref }) => $ref))
    for (const { $ref } of oneOf) expect(components.schemas).toHaveProperty([$ref.split('/').at(-1) ?? ''])
  })

  it('takes no event whose payload is of another type', () => {
    const event = { $ref: '#/components/schemas/Event' }
    for (const type of EVENT_TYPES) expectValid(type, event, exampleOf(type))
    const mixed = { ...exampleOf('comment.created'), type: 'video.published' }
    expect(() => expectValid('mixed', event, mixed)).toThrow()
  })

  it('has examples that validate', async () => {
    const { paths } = openApi(OPERATIONS, '3.1', 'https://tubewire.example') as unknown as Document
    let examples = 0
    for (const described of Object.values(paths).flatMap((path) => Object.values(path))) {
      const media = [described.requestBody ?? {}, ...Object.values(described.responses)].flatMap((part) =>
        Object.values(part.content ?? {}),
      )
      for (const { schema, example } of media) {
        if (example === undefined || !schema) continue
        examples += 1
        expectValid(described.operationId, schema, example)
      }
    }
    expect(examples).toBeGreaterThan(40)
  })

  it('has an example of every answer in JSON', () => {
    for (const { id, answers } of OPERATIONS)
      for (const [status, { schema, example }] of Object.entries(answers))
        if (schema) expect(example, `${id} ${status}`).toBeDefined()
  })

  it('has an example of every body', () => {
    for (const { id, body, bodyType, example } of OPERATIONS) {
      if (body) expect(example, id).toBeDefined()
      expect(contentTypes(bodyType ?? 'json')).not.toEqual([])
    }
  })
})

describe('The reference', () => {
  it('is one page that asks nobody else for anything, and runs no script', async () => {
    const response = await send('GET', '/api/docs')
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
    const policy = response.headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).not.toContain('script-src')
    const page = await response.text()
    expect(page).not.toMatch(/<script|<link|<img|@import|url\(/)
    expect(page).toContain('</html>')
    for (const [, target = ''] of page.matchAll(/href="#([^"]+)"/g)) expect(page).toContain(` id="${target}"`)
  })
})

describe('The configuration', () => {
  it('says who may register, and how much may be asked', async () => {
    const { deps } = testDeps()
    const open = { ...deps, config: { ...deps.config, signup: 'approval' as const } }
    expect(await (await sendTo(open, 'GET', '/api/v1/config')).json()).toMatchObject({
      signup: { allowed: true, requiresApproval: true, requiresEmailVerification: true },
      limits: { token: { requests: 15, seconds: 300 }, register: { requests: 2, seconds: 300 } },
    })
  })
})

describe('Who polls', () => {
  it('is found by name, by NodeInfo, and by the address in its User-Agent', async () => {
    const finger = await send('GET', '/.well-known/webfinger?resource=acct:tubewire@tubewire.example')
    expect(finger.headers.get('content-type')).toBe('application/jrd+json; charset=utf-8')
    const { links }: { links: { href: string }[] } = await finger.json()
    const href = links[0]?.href ?? ''
    expect(href).toBe('https://tubewire.example/actor')
    const actor = await send('GET', new URL(href).pathname, { accept: 'application/activity+json' })
    expect(actor.headers.get('content-type')).toBe('application/activity+json; charset=utf-8')
    expect(await actor.json()).toMatchObject({
      type: 'Application',
      id: href,
      publicKey: { id: `${href}#main-key`, publicKeyPem: expect.stringContaining('BEGIN PUBLIC KEY') },
    })
    const node: { links: { href: string }[] } = await (await send('GET', '/.well-known/nodeinfo')).json()
    const info = await send('GET', new URL(node.links[0]?.href ?? '').pathname)
    expect(await info.json()).toMatchObject({ version: '2.1', software: { name: 'tubewire' } })
  })

  it.each([
    ['', 400],
    ['?resource=nonsense', 400],
    ['?resource=acct:somebody@tubewire.example', 404],
    ['?resource=acct:tubewire@other.example', 404],
  ])('of webfinger%s is %d', async (query, status) => {
    expect((await send('GET', `/.well-known/webfinger${query}`)).status).toBe(status)
  })

  it.each(['inbox', 'outbox'])(
    'has an %s in which there is nothing, and which takes nothing',
    async (box) => {
      const path = `/actor/${box}`
      const actor: Record<string, unknown> = await (await send('GET', '/actor')).json()
      expect(actor[box]).toBe(`https://tubewire.example${path}`)
      const found = await send('GET', path)
      expect(found.headers.get('content-type')).toBe('application/activity+json; charset=utf-8')
      expect(await found.json()).toMatchObject({ id: actor[box], totalItems: 0, orderedItems: [] })
      // ActivityPub, 5.2: of a server that doesn't federate.
      const posted = await send('POST', path, { 'content-type': 'application/activity+json' }, '{}')
      expect(posted.status).toBe(405)
    },
  )
})
