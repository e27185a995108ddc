/** @module A thread as an instance answers it, and trees that no person ever wrote. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readThread } from '../../src/peertube/thread.ts'
import recorded from '../fixtures/recordings/get_comment_thread_tree.json'
import { answering, failure, ORIGIN } from '../support/answering.ts'
import { anyValue, spoiled } from '../support/hostile.ts'

const VIDEO = '43493d1c-8fbe-411e-9932-9ee0e7172022'
const { body } = recorded.response

async function read(tree: unknown) {
  const thread = await readThread(answering(tree).get, ORIGIN, VIDEO, 1)
  if (thread.kind !== 'thread') throw new Error(JSON.stringify(thread))
  return thread
}

const ids = ({ comments }: { comments: { comment: { id: number } }[] }) =>
  comments.map(({ comment }) => comment.id)

/** A comment of the recorded thread under another number. */
const comment = (id: number, change: object = {}) => ({ ...body.comment, id, ...change })

describe('readThread', () => {
  it('reads the recorded tree, parents before their replies', async () => {
    const { get, asked } = answering(body)
    const thread = await readThread(get, ORIGIN, VIDEO, 1)
    if (thread.kind !== 'thread') throw new Error(thread.kind)
    expect(asked[0]?.url.href).toBe(`${ORIGIN}/api/v1/videos/${VIDEO}/comment-threads/1`)
    expect(thread.skipped).toEqual([])
    expect(thread.comments.map(({ comment }) => [comment.id, comment.inReplyToCommentId])).toEqual([
      [1, null],
      [2, 1],
      [3, 2],
    ])
    expect(thread.comments[1]).toMatchObject({
      isDeleted: false,
      comment: { threadId: 1, text: 'Reply to bob @bob', account: { handle: 'carol@peertube.example' } },
    })
  })

  it('reads replies in the order in which the instance gives them', async () => {
    const leaf = (id: number) => ({ comment: comment(id), children: [] })
    const tree = {
      comment: comment(1),
      children: [
        { comment: comment(2), children: [leaf(3), leaf(4)] },
        { comment: comment(5), children: [leaf(6)] },
      ],
    }
    expect(ids(await read(tree))).toEqual([1, 2, 3, 4, 5, 6])
  })

  it('reads a tree that is 10,000 replies deep', async () => {
    // As text, for no more than reading it would do may go as deep as it does.
    const open = Array.from({ length: 10_000 }, (_, index) => {
      return `{"comment":${JSON.stringify(comment(index + 1))},"children":[`
    })
    const thread = await read(JSON.parse(`${open.join('')}${']}'.repeat(10_000)}`))
    expect(ids(thread)).toEqual(Array.from({ length: 10_000 }, (_, index) => index + 1))
  })

  it('keeps the place of a deleted comment, and its replies', async () => {
    const tree = {
      comment: comment(1, { isDeleted: true, text: 'still here', deletedAt: '2026-11-23T21:19:11.944Z' }),
      children: [{ comment: comment(2), children: [] }],
    }
    const thread = await read(tree)
    expect(thread.comments[0]).toMatchObject({
      isDeleted: true,
      comment: { id: 1, text: '', account: null },
    })
    expect(ids(thread)).toEqual([1, 2])
  })

  it('leaves out a bad comment, names the field, and loses no reply to it', async () => {
    const tree = {
      comment: comment(1),
      children: [
        {
          comment: comment(2, { createdAt: 'yesterday' }),
          children: [{ comment: comment(3), children: [] }],
        },
        { comment: comment(4), children: 'none' },
        'nothing',
      ],
    }
    const thread = await read(tree)
    expect(ids(thread)).toEqual([1, 3, 4])
    expect(thread.skipped).toEqual([
      expect.stringMatching(/^comment 1 of thread 1: createdAt: /),
      expect.stringMatching(/^comment 4 of thread 1: the answer: /),
    ])
  })

  it.each([
    [404, { kind: 'gone' }],
    [401, { kind: 'hidden' }],
    [403, { kind: 'hidden' }],
    [500, failure(500)],
  ])('%i: tells what became of the thread', async (status, expected) => {
    expect(await readThread(async () => failure(status), ORIGIN, VIDEO, 1)).toEqual(expected)
  })

  it('takes no answer that was cut off for one that says the thread is gone', async () => {
    const cut = failure(404, 'timeout')
    expect(await readThread(async () => cut, ORIGIN, VIDEO, 1)).toEqual(cut)
  })

  it.each([
    [null, 'schema'],
    ['<html>', 'schema'],
    [{}, 'schema'],
    [{ data: [] }, 'schema'],
    [{ comment: null, children: Array.from({ length: 30_000 }, () => ({})) }, 'too-large'],
    [{ comment: null, children: Array.from({ length: 10_000 }, () => ({})) }, 'schema'],
  ])('says what is wrong with what is no thread (%#)', async (tree, reason) => {
    const answer = await readThread(answering(tree).get, ORIGIN, VIDEO, 1)
    expect(answer).toMatchObject({ kind: 'failed', reason })
    expect(JSON.stringify(answer).length).toBeLessThan(600)
  })

  it('says in few words that most of a tree is bad', async () => {
    const tree = { comment: comment(1), children: Array.from({ length: 10_000 }, () => ({})) }
    expect((await read(tree)).skipped).toHaveLength(100)
  })

  it('never throws, and makes nothing up, whatever comes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(spoiled(body), anyValue), async (tree) => {
        const thread = await readThread(answering(tree).get, ORIGIN, VIDEO, 1)
        if (thread.kind === 'thread') {
          for (const { comment, isDeleted } of thread.comments) {
            expect(Number.isSafeInteger(comment.id) && comment.id > 0).toBe(true)
            expect(comment.url).toMatch(/^https?:\/\//i)
            if (isDeleted) expect(comment).toMatchObject({ text: '', account: null })
          }
        }
        expect(Object.prototype).not.toHaveProperty('polluted')
      }),
      { numRuns: 200 },
    )
  })
})
