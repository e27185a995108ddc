/** @module docs/events.md, made of the catalogue of events and of its schemas. */
import { CATALOGUE, exampleOf } from '../../events/catalogue.ts'
import { NOTIFICATION_KINDS } from '../../events/notification-kinds.ts'
import { EVENT_TYPES, type EventType } from '../../events/types.ts'
import { EVENT_PARTS } from '../event-view.ts'
import { fieldsTable } from './fields-table.ts'
import { table } from './markdown-table.ts'
import { eventSchemaName, type Json, jsonSchema, namedSchemas } from './openapi-schemas.ts'

/** The document, in Markdown as the formatter leaves it. */
export function eventsDocument(): string {
  const schemas = namedSchemas('3.1')
  const overview = EVENT_TYPES.map((type) => [
    link(type),
    CATALOGUE[type].when,
    VIEWERS[CATALOGUE[type].from],
  ])
  return `# Events

Made by \`npm run docs\` from the catalogue (\`src/events/catalogue.ts\`). Webhooks, the API and files show events in the same way.

${table(['type', 'when', 'who sees it'], overview)}

There will be more types, and more fields: take what you know, and leave the rest.

## What every event has

${fieldsTable(envelope(schemas), schemas)}

**The same event never comes twice.** \`id\` is made of what happened: the instance, the type, what it happened to, which time of
it, and, when it is private, whose it is. Whoever sees the same thing again, after a crash or in another way, makes the same id of
it. It is the \`webhook-id\` of all attempts, too: keep it, and nothing is done twice.

**\`sequence\` is the order** in which this Tubewire wrote them down, over all instances. It has gaps: events of others that you
don't see. What happened to one video or one comment stands in the order in which it happened, as far as an instance lets that be
seen. Webhooks may arrive in another order; to follow the log in order, ask \`GET /api/v1/events\` with \`after\`.

**\`timestamp\` is when it was seen here,** not when it happened. That is said by \`data\`, where the instance tells it:
\`publishedAt\`, \`createdAt\`, \`updatedAt\`.

**\`instance\` is where it was read,** and \`tubewire\` for what happened to your endpoints. A video or an account may be at home elsewhere: its own \`host\` says where.

**A private event is its owner's alone,** in the API, in files and at webhooks, whatever the role of others. Private are:

- all of \`notification.*\`, and \`connection.expired\`;
- \`endpoint.*\` and \`delivery.failed\`, which no endpoint is told of itself: your other ones are;
- the events of videos that are read as a connection's subscriptions;
- the events of comments that not everybody may see: those held for review, and those on videos that are not public. They are read
  with a connection, and are its owner's. When such a comment becomes public, it is a \`comment.created\` for everybody.

All others are public: everybody with an account or a key of this Tubewire sees them.

**Texts are what people wrote.** Names, descriptions and comments may hold anything, HTML and scripts too: escape them. Only the
\`html\` of a comment can be shown as it is. URLs of pictures lead to the instance; with \`pictures=true\` the API gives paths of
this Tubewire besides ([pictures](api.md#pictures)).

## The types

${EVENT_TYPES.map((type) => section(type, schemas)).join('\n\n')}

## What they are about

${Object.keys(EVENT_PARTS)
  .map((name) => part(name, schemas))
  .join('\n\n')}

## Kinds of notifications

\`type\` is PeerTube's number, \`kind\` what we call it, and the field is what it is about. It is missing when that is gone.

${table(
  ['type', 'kind', 'field', 'what'],
  NOTIFICATION_KINDS.map(({ type, kind, payload, description }) => [
    String(type),
    `\`${kind}\``,
    `\`${payload}\``,
    description,
  ]),
)}
`
}

/** Who sees an event, by where it comes from. */
const VIEWERS = {
  public: 'everybody',
  connection: 'the owner of the connection',
  tubewire: 'the owner of the endpoint',
} as const

/** A heading of the same page, as GitHub names it. */
function link(heading: string): string {
  return `[\`${heading}\`](#${heading.replaceAll('.', '').toLowerCase()})`
}

function section(type: EventType, schemas: Json): string {
  const { when, from } = CATALOGUE[type]
  return `### ${type}

${when}${from === 'public' ? '' : ' Private.'}

${fieldsTable(jsonSchema(CATALOGUE[type].data, '3.1'), schemas)}

\`\`\`json
${JSON.stringify(exampleOf(type), null, 2)}
\`\`\``
}

function part(name: string, schemas: Json): string {
  const schema = schemas[name] as Json
  return `### ${name}

${schema['description']}

${fieldsTable(schema, schemas)}`
}

/** What all types have, of the schema of one of them. */
function envelope(schemas: Json): Json {
  const schema = schemas[eventSchemaName('video.published')] as { properties: Json }
  const { pictures: _, ...properties } = schema.properties
  const type = { type: 'string', description: 'One of the types above.' }
  const data = { type: 'object', description: 'What happened: see [the types](#the-types).' }
  return { ...schema, properties: { ...properties, type, data } }
}
