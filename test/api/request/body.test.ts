/** @module The body of a request alone: when there is none, and how long a list in it may be. */
import { describe, expect, it } from 'vitest'
import { readBody } from '../../../src/api/request/body.ts'

const JSON_TYPE = 'application/json'

/** A POST as workerd hands it on. */
function post(body: BodyInit | null, type?: string): Request {
  const headers = type === undefined ? undefined : { 'content-type': type }
  return new Request('https://tubewire.example/', { method: 'POST', body, ...(headers ? { headers } : {}) })
}

/** A body that is there, and ends after these texts. */
function stream(...texts: string[]): ReadableStream {
  return new ReadableStream({
    start(controller) {
      for (const text of texts) controller.enqueue(new TextEncoder().encode(text))
      controller.close()
    },
  })
}

describe('A body that may be missing', () => {
  it.each([
    ['is not there', null, undefined],
    ['is there and empty', stream(), undefined],
    ['is empty and called JSON', stream(), JSON_TYPE],
    ['is empty and called a form, as of curl -d ""', stream(), 'application/x-www-form-urlencoded'],
  ])('is an empty object when it %s', async (_how, body, type) => {
    const read = await readBody(post(body, type), { isBodyOptional: true })
    expect(read).toEqual({ text: '', value: {}, wrong: null })
  })

  it('is read when it comes, and must be called what it is', async () => {
    const read = (type?: string) => readBody(post(stream('{"a"', ':1}'), type), { isBodyOptional: true })
    expect(await read(JSON_TYPE)).toMatchObject({ value: { a: 1 }, wrong: null })
    await expect(read()).rejects.toMatchObject({ status: 415 })
    await expect(read('text/plain')).rejects.toMatchObject({ status: 415 })
  })
})

describe('A body that must be there', () => {
  it.each([
    [stream(), JSON_TYPE],
    [null, undefined],
  ])('and is not, is said to be missing, whatever it is called', async (body, type) => {
    expect(await readBody(post(body, type), {})).toMatchObject({ wrong: { body: { msg: 'is missing' } } })
  })

  it('and is called nothing, is asked for by its type', async () => {
    await expect(readBody(post(stream('{}')), {})).rejects.toMatchObject({
      status: 415,
      message: 'Send "Content-Type: application/json", in UTF-8',
    })
  })
})

describe('A list in a body', () => {
  const read = (items: number) => readBody(post(`{"a":[],"b":[${Array(items).fill(0)}]}`, JSON_TYPE), {})

  it('of a thousand items is left to its schema', async () => {
    expect((await read(1_000)).wrong).toBeNull()
  })

  it('of more is refused as a whole, by its name', async () => {
    expect((await read(1_001)).wrong).toEqual({
      b: { location: 'body', msg: 'has more than 1000 items', param: 'b', path: 'b' },
    })
  })

  it('of more is refused wherever it is, for judging each of its items may take seconds', async () => {
    const { wrong } = await readBody(
      post(
        JSON.stringify({ a: 1, filter: { tags: [], instances: Array(300_000).fill('') } }),
        'application/json',
      ),
      {},
    )
    const path = 'filter.instances'
    expect(wrong).toEqual({
      [path]: { location: 'body', msg: 'has more than 1000 items', param: path, path },
    })
    const deep = await readBody(post(JSON.stringify({ a: [[Array(1_001).fill(0)]] }), 'application/json'), {})
    expect(Object.keys(deep.wrong ?? {})).toEqual(['a[0][0]'])
  })
})

describe('A form', () => {
  const read = (fields: number) =>
    readBody(post('a=1&'.repeat(fields), 'application/x-www-form-urlencoded'), { bodyType: 'form' })

  it('of a hundred fields is read: a name that comes twice has a list', async () => {
    expect(await read(100)).toMatchObject({ value: { a: Array(100).fill('1') }, wrong: null })
    expect(await read(1)).toMatchObject({ value: { a: '1' } })
  })

  it('of more is refused', async () => {
    await expect(read(101)).rejects.toMatchObject({
      status: 400,
      invalidParams: { body: { msg: 'has more than 100 fields' } },
    })
  })
})
