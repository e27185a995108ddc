/** @module GET /api/v1/config: what this Tubewire is and allows; its description in OpenAPI; its reference for people. */
import * as v from 'valibot'
import { VERSION } from '../version.ts'
import { openApi } from './openapi/openapi.ts'
import { referencePage } from './openapi/reference.ts'
import { type Operation, ok, operation } from './operation.ts'

const ShownLimit = v.strictObject({ requests: v.number(), seconds: v.number() })

const config = {
  serverVersion: '0.1.0',
  signup: { allowed: false, requiresApproval: false, requiresEmailVerification: true },
  limits: {
    api: { requests: 50, seconds: 10 },
    token: { requests: 15, seconds: 300 },
    register: { requests: 2, seconds: 300 },
    verifyEmail: { requests: 3, seconds: 300 },
  },
}

/** @param all every operation of the API, these too: known when the last of them is declared. */
export const serviceOperations = (all: () => readonly Operation[]) => [
  operation({
    id: 'getConfig',
    method: 'GET',
    path: '/api/v1/config',
    tag: 'Service',
    summary: 'What this Tubewire is and allows',
    answers: {
      200: {
        description: 'Its version, who may register, and how much may be asked.',
        schema: v.strictObject({
          serverVersion: v.string(),
          signup: v.strictObject({
            allowed: v.boolean(),
            requiresApproval: v.boolean(),
            requiresEmailVerification: v.boolean(),
          }),
          limits: v.strictObject({
            api: ShownLimit,
            token: ShownLimit,
            register: ShownLimit,
            verifyEmail: ShownLimit,
          }),
        }),
        example: config,
      },
    },
    async handle({
      deps: {
        config: { signup, limits },
      },
    }) {
      const shown = Object.entries(limits).map(([name, { requests, windowMs }]) => [
        name,
        { requests, seconds: windowMs / 1000 },
      ])
      return ok({
        serverVersion: VERSION,
        signup: {
          allowed: signup !== 'closed',
          requiresApproval: signup === 'approval',
          requiresEmailVerification: true,
        },
        limits: Object.fromEntries(shown),
      })
    },
  }),
  operation({
    id: 'getOpenApi',
    method: 'GET',
    path: '/api/v1/openapi.json',
    tag: 'Service',
    summary: 'This API in OpenAPI',
    description: 'Of version 3.1, or of 3.0 for generators that know no newer one.',
    query: v.strictObject({ version: v.optional(v.picklist(['3.0', '3.1'], 'must be 3.0 or 3.1'), '3.1') }),
    answers: { 200: { description: 'The description.', contentTypes: ['application/json'] } },
    async handle({ query, origin }) {
      return ok(openApi(all(), query.version, origin))
    },
  }),
  operation({
    id: 'getReference',
    method: 'GET',
    path: '/api/docs',
    tag: 'Service',
    summary: 'This API for people',
    answers: { 200: { description: 'A page.', contentTypes: ['text/html'] } },
    async handle({ origin }) {
      return {
        status: 200,
        text: await referencePage(all(), origin),
        headers: {
          'content-type': 'text/html; charset=utf-8',
          'content-security-policy':
            "default-src 'none'; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        },
      }
    },
  }),
]
