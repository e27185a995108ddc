/**
 * @module GET /api/docs: the reference for people, one page without a script, made of the same operations as the router.
 * Errors point into it: `#operation/<id>` and `#section/Errors/<code>`, the anchors of PeerTube's own reference.
 */
import { html, raw } from 'hono/html'
import { type Operation, TAGS, type Tag } from '../operation.ts'
import { PROBLEM_CODES } from '../problem-codes.ts'
import { contentTypes } from '../request/body.ts'
import { RIGHTS, type Right, ROLES, SCOPES } from '../rights.ts'
import { openApi } from './openapi.ts'
import type { Json } from './openapi-schemas.ts'
import { STYLE } from './reference-style.ts'

type Html = ReturnType<typeof html>

/** The last one that was made: it is the same for everybody who asks at one address. */
let made = { origin: '', page: '' }

/** The page. @param origin where this Tubewire is reached. */
export async function referencePage(operations: readonly Operation[], origin: string): Promise<string> {
  if (made.origin !== origin) made = { origin, page: await makePage(operations, origin) }
  return made.page
}

async function makePage(operations: readonly Operation[], origin: string): Promise<string> {
  const { paths, components } = openApi(operations, '3.1', origin) as {
    paths: Record<string, Record<string, Json>>
    components: { responses: Record<string, Json> }
  }
  const resolved = (response: Json): Json =>
    components.responses[String(response['$ref']).split('/').at(-1) ?? ''] ?? response
  const described = (operation: Operation): Json =>
    paths[operation.path.replace(/:(\w+)/g, '{$1}')]?.[operation.method.toLowerCase()] ?? {}
  const tags = Object.entries(TAGS) as [Tag, string][]
  const of = (tag: Tag) => operations.filter((operation) => operation.tag === tag)
  return String(
    await html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Tubewire API</title>
<style>${raw(STYLE)}</style>
</head>
<body>
<nav aria-label="Operations">
<a class="home" href="#top">Tubewire API</a>
<a href="#section/Authentication">Authentication</a>
<a href="#section/Errors">Errors</a>
<a href="#section/Rate-limits">Rate limits</a>
<a href="#section/Conventions">Conventions</a>
${tags.map(
  ([tag]) =>
    html`<strong>${tag}</strong>${of(tag).map(
      ({ id, summary }) => html`<a href="#operation/${id}">${summary}</a>`,
    )}`,
)}
</nav>
<main id="top">
<h1>Tubewire API</h1>
<p>Webhooks for PeerTube, with the habits of PeerTube’s own API. As <a href="/api/v1/openapi.json">OpenAPI 3.1</a>,
or <a href="/api/v1/openapi.json?version=3.0">3.0</a>.</p>
${sections(origin)}
${tags.map(
  ([tag, about]) =>
    html`<section><h2>${tag}</h2><p>${about}</p>${of(tag).map((operation) =>
      article(operation, described(operation), resolved),
    )}</section>`,
)}
</main>
</body>
</html>`,
  )
}

function sections(origin: string): Html {
  return html`<section id="section/Authentication">
<h2>Authentication</h2>
<p>People log in with a password and get an access token, as in PeerTube: one session a user, so a login ends the one before it.
Programs have API keys (<code>tw_…</code>), several at a time. Either is sent as a bearer token:</p>
<pre>curl -H "Authorization: Bearer TOKEN" ${origin}/api/v1/events</pre>
<h3>Scopes of keys</h3>
<dl>${Object.entries(SCOPES).map(([name, may]) => html`<dt><code>${name}</code></dt><dd>${may}</dd>`)}</dl>
</section>
<section id="section/Errors">
<h2>Errors</h2>
<p>Every error is <code>application/problem+json</code> (RFC 9457). <code>type</code> is <code>about:blank</code> where the status
says it all, and otherwise a link to one of these:</p>
<dl>${Object.entries(PROBLEM_CODES).map(
    ([code, { status, means }]) =>
      html`<dt id="section/Errors/${code}"><code>${status} ${code}</code></dt><dd>${words(means)}</dd>`,
  )}</dl>
<p>Of wrong parameters all are named at once, each alone; only when each alone is right are combinations looked at. Values are
repeated in <code>invalid-params</code>, but not those of passwords, tokens, keys and URLs.</p>
</section>
<section id="section/Rate-limits">
<h2>Rate limits</h2>
<p>Requests are counted by account or key, and of those who are not known by address. How many are allowed is in
<a href="#operation/getConfig">the configuration</a>; <code>X-RateLimit-Limit</code>, <code>X-RateLimit-Remaining</code> and
<code>X-RateLimit-Reset</code> (UNIX seconds) come with every answer, <code>Retry-After</code> with a 429.</p>
</section>
<section id="section/Conventions">
<h2>Conventions</h2>
<p>Lists take <code>start</code>, <code>count</code>, <code>sort</code> and <code>search</code>, and answer
<code>{total, data}</code>; further on than <code>start</code> goes, pass <code>next</code> on as <code>after</code>. What only grows
(events, deliveries, the audit log) is read by cursor. Reads carry an <code>ETag</code>: send it as <code>If-None-Match</code> to
learn whether something changed, and as <code>If-Match</code> to change only what you saw. A POST with an
<code>Idempotency-Key</code> is done once, however often it is sent. <code>X-Request-Id</code> is in the answer, and in the log.
PATCH is a JSON merge patch (RFC 7396). Times are ISO 8601 in UTC with milliseconds.</p>
</section>`
}

function article(operation: Operation, described: Json, resolved: (response: Json) => Json): Html {
  const right: Right = RIGHTS[operation.id]
  const parameters = (described['parameters'] ?? []) as Json[]
  const body = described['requestBody'] as { content: Record<string, Json> } | undefined
  const responses = described['responses'] as Record<string, Json>
  return html`<article id="operation/${operation.id}">
<h3>${operation.summary}</h3>
<p class="route"><b>${operation.method}</b> <code>${operation.path.replace(/:(\w+)/g, '{$1}')}</code></p>
${operation.description ? html`<p>${words(operation.description)}</p>` : ''}
<p class="who">${who(right)}</p>
${
  parameters.length > 0
    ? html`<table><caption>Parameters</caption>${parameters.map(
        ({ name, in: place, required, description, schema }) =>
          html`<tr><th><code>${name}</code></th><td>${place}${required ? ', required' : ''}</td><td>${words(String(description ?? plain(schema as Json)['description'] ?? ''))} ${rules(schema as Json)}</td></tr>`,
      )}</table>`
    : ''
}
${body ? bodyTable(operation, body) : ''}
${Object.entries(responses).map(([status, response]) => answer(status, resolved(response)))}
</article>`
}

function who(right: Right): string {
  if (right.anonymous !== 'none') return 'For everybody.'
  const roles = ROLES.filter((role) => right[role] !== 'none').toReversed()
  if (right.scope === 'operator') return 'For the operator’s key alone.'
  const scope = right.scope === 'session' ? 'no API keys' : `API keys with ${right.scope}`
  return `For ${roles.join(', ')}; ${scope}.`
}

function bodyTable(operation: Operation, { content }: { content: Record<string, Json> }): Html {
  const types = contentTypes(operation.bodyType ?? 'json')
  const { schema, example } = content[types[0] ?? ''] ?? {}
  const { properties = {}, required = [] } = schema as {
    properties?: Record<string, Json>
    required?: string[]
  }
  return html`<table><caption>Body: <code>${types[0]}</code></caption>${Object.entries(properties).map(
    ([name, property]) =>
      html`<tr><th><code>${name}</code></th><td>${required.includes(name) ? 'required' : ''}</td><td>${words(String(plain(property)['description'] ?? ''))} ${rules(property)}</td></tr>`,
  )}</table>
${example === undefined ? '' : html`<pre>${JSON.stringify(example, null, 2)}</pre>`}`
}

function answer(status: string, { description, content }: Json): Html {
  const [media] = Object.values((content ?? {}) as Record<string, Json>)
  const example = media?.['example']
  return html`<div class="answer"><b>${status}</b> ${words(String(description).replaceAll('\n\n', ' '))}
${example === undefined ? '' : html`<pre>${JSON.stringify(example, null, 2)}</pre>`}</div>`
}

/** A field that may be null, as its other half; of a list the words of its items too. */
function plain(schema: Json): Json {
  const [first] = ((schema['anyOf'] ?? []) as Json[]).filter(({ type }) => type !== 'null')
  const items = schema['items'] as Json | undefined
  return { ...items, ...schema, ...first, ...(items ? { type: 'list' } : {}) }
}

/** What a value must be, as far as a few words tell it. */
function rules(field: Json): Html {
  const schema = plain(field)
  const told = [
    schema['type'],
    field['anyOf'] && 'or null',
    schema['format'],
    schema['minimum'] !== undefined && `at least ${schema['minimum']}`,
    schema['maximum'] !== undefined && `at most ${schema['maximum']}`,
    schema['enum'] && `one of ${(schema['enum'] as unknown[]).join(', ')}`,
    schema['pattern'] && `like ${schema['pattern']}`,
    schema['maxLength'] && `at most ${schema['maxLength']} characters`,
    schema['default'] !== undefined && `default ${JSON.stringify(schema['default'])}`,
  ].filter((word) => word)
  return html`<small>${told.join(', ')}</small>`
}

/** Text with \`code\` in it. */
function words(text: string): Html {
  return html`${text.split('`').map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : part))}`
}
