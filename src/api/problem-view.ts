/** @module How an error looks, for the description of the API. It is made in problem.ts. */
import * as v from 'valibot'

const InvalidParam = v.strictObject({
  location: v.picklist(['params', 'body', 'header', 'query', 'cookies']),
  msg: v.pipe(v.string(), v.description('What is wrong with it.')),
  param: v.string(),
  path: v.string(),
  value: v.optional(
    v.pipe(v.unknown(), v.description('What was sent, unless it is long or may be a secret.')),
  ),
})

export const ShownProblem = v.strictObject({
  type: v.pipe(v.string(), v.description('`about:blank`, or a URL that says what a status alone does not.')),
  title: v.string(),
  status: v.pipe(v.number(), v.integer()),
  detail: v.pipe(v.string(), v.description('What is wrong, and the way out.')),
  instance: v.pipe(v.string(), v.description('The path of the request.')),
  docs: v.pipe(v.string(), v.description('The operation in the reference.')),
  'invalid-params': v.optional(
    v.pipe(v.record(v.string(), InvalidParam), v.description('By the name of the parameter.')),
  ),
  error: v.pipe(v.string(), v.description('Deprecated: `detail`.')),
  code: v.optional(v.pipe(v.string(), v.description('Deprecated: the end of `type`.'))),
})
