/** @module What endpoints are sent, in OpenAPI 3.1: one webhook for each type of event. */
import { Event, exampleEvent } from '../event-view.ts'
import { entriesOf, type Json, jsonSchema, type OpenApiVersion } from './openapi-schemas.ts'

function capitalise(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}

/** By the type of event. */
export function webhooks(version: OpenApiVersion): Json {
  const header = (name: string, description: string) => ({
    name,
    in: 'header',
    required: true,
    description,
    schema: { type: 'string' },
  })
  const { type } = entriesOf(Event)
  const types = type && 'options' in type ? (type.options as string[]) : []
  return Object.fromEntries(
    types.map((name) => [
      name,
      {
        post: {
          operationId: `on${name.split('.').map(capitalise).join('')}`,
          tags: ['Events'],
          summary: `What an endpoint is sent of ${name}`,
          description: 'Signed as Standard Webhooks 1.0 has it, and tried ten times over three days.',
          security: [],
          parameters: [
            header('webhook-id', 'The id of the event: the same in every attempt.'),
            header('webhook-timestamp', 'UNIX seconds of the attempt.'),
            header('webhook-signature', '`v1,` and HMAC-SHA-256 of id, timestamp and body, in base64.'),
          ],
          requestBody: {
            required: true,
            content: { 'application/json': { schema: jsonSchema(Event, version), example: exampleEvent } },
          },
          responses: {
            '2XX': { description: 'It has arrived.' },
            default: { description: 'It is sent again later.' },
          },
        },
      },
    ]),
  )
}
