/** @module What the README shows is what the code makes. */
import { spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { exampleOf } from '../../src/events/catalogue.ts'
import { HELP } from '../../src/local/options.ts'
import { makeSigner, newSecret, signatureHeaders } from '../../src/webhooks/signature.ts'
import { freePort } from '../support/cli.ts'

const ROOT = join(import.meta.dirname, '..', '..')

/** The first code block of a language that holds a text. */
async function block(language: string, holding: string): Promise<string> {
  const readme = await readFile(join(ROOT, 'README.md'), 'utf8')
  const blocks = Array.from(readme.matchAll(/```(\w*)\n([\s\S]*?)```/g))
  const found = blocks.find(([, name, text]) => name === language && text?.includes(holding))
  if (!found?.[2]) throw new Error(`the README has no block of ${language} with "${holding}"`)
  return found[2]
}

describe('The README', () => {
  it('shows a whole payload: the example of a video that was published', async () => {
    expect(JSON.parse(await block('json', '"video.published"'))).toEqual(exampleOf('video.published'))
  })

  it('shows a receiver that takes a real webhook, cut in the middle of a letter, and refuses a forged one', async () => {
    const folder = await mkdtemp(join(ROOT, 'node_modules', '.receiver-'))
    const port = await freePort()
    const shown = await block('js', 'createServer')
    const code = shown.replace('.listen(3000)', `.listen(${port}, '127.0.0.1', () => console.log('ready'))`)
    await writeFile(join(folder, 'receiver.mjs'), code)
    const secret = newSecret()
    const receiver = spawn(process.execPath, [join(folder, 'receiver.mjs'), secret])
    let printed = ''
    receiver.stdout.on('data', (chunk) => {
      printed += chunk
    })
    try {
      await vi.waitFor(() => expect(printed).toContain('ready'), { timeout: 10_000 })
      const event = { type: 'video.published', data: { video: { name: 'Café', url: 'https://v' } } }
      const body = JSON.stringify(event)
      const headers = await signatureHeaders(makeSigner([secret], null), 'evt_1', body, Date.now())
      expect(await postInTwo(port, headers, Buffer.from(body), 'é')).toBe(204)
      await vi.waitFor(() => expect(printed).toContain('Café https://v'))
      const forged = { ...headers, 'webhook-id': 'evt_2' }
      expect(await postInTwo(port, forged, Buffer.from(body), 'é')).toBe(400)
    } finally {
      receiver.kill()
      await rm(folder, { recursive: true })
    }
  })

  it('names every option of npm start', async () => {
    const options = await block('', '--every')
    for (const name of HELP.match(/--[a-z]+/g) ?? []) expect(options).toContain(name)
  })

  it('and the documents link to files that exist', async () => {
    const docs = (await readdir(join(ROOT, 'docs'), { recursive: true })).filter((name) =>
      name.endsWith('.md'),
    )
    const own = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', join('clients', 'README.md')]
    const files = [...own, ...docs.map((name) => join('docs', name))]
    const broken: string[] = []
    for (const file of files) {
      const text = await readFile(join(ROOT, file), 'utf8')
      for (const [, link = ''] of text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)) {
        const isThere = await stat(join(ROOT, file, '..', link)).catch(() => null)
        if (!isThere) broken.push(`${file}: ${link}`)
      }
    }
    expect(broken).toEqual([])
  })
})

/** Posts a body in two parts, cut in the middle of a letter. @returns the status. */
function postInTwo(port: number, headers: Record<string, string>, body: Buffer, letter: string) {
  return new Promise<number | undefined>((resolve, reject) => {
    const outgoing = request({ port, host: '127.0.0.1', method: 'POST', headers }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    outgoing.on('error', reject)
    const cut = body.indexOf(letter) + 1
    // A chunk of its own: the rest is written when this one has gone.
    outgoing.write(body.subarray(0, cut), () => setImmediate(() => outgoing.end(body.subarray(cut))))
  })
}
