/** @module What endpoints are sent, in OpenAPI 3.1: one webhook for each type of event. */
import { CATALOGUE, exampleOf } from '../../events/catalogue.ts'
import { EVENT_SCHEMAS } from '../event-view.ts'
import { eventName, type Json, jsonSchema, type OpenApiVersion } from './openapi-schemas.ts'

/** By the type of event. */
export function webhooks(version: OpenApiVersion): Json {
  const header = (name: string, description: string) => ({
    name,
    in: 'header',
    required: true,
    description,
    schema: { type: 'string' },
  })
  return Object.fromEntries(
    [...EVENT_SCHEMAS].map(([type, schema]) => [
      type,
      {
        post: {
          operationId: `on${eventName(type)}`,
          tags: ['Events'],
          summary: `What an endpoint is sent of ${type}`,
          description: `${CATALOGUE[type].when} Signed as Standard Webhooks 1.0 has it, and tried ten times over three days.`,
          security: [],
          parameters: [
            header('webhook-id', 'The id of the event: the same in every attempt.'),
            header('webhook-timestamp', 'UNIX seconds of the attempt.'),
            header('webhook-signature', '`v1,` and HMAC-SHA-256 of id, timestamp and body, in base64.'),
          ],
          requestBody: {
            required: true,
            content: {
              'application/json': { schema: jsonSchema(schema, version), example: exampleOf(type) },
            },
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
