import { env } from 'cloudflare:workers'
import { expect, it } from 'vitest'
import { KEY, send } from '../support/call.ts'
import { logRow, setLog } from '../support/events.ts'

it('smoke', async () => {
  await setLog([logRow({ sequence: 1 }), logRow({ sequence: 2 })])
  const response = await send('GET', '/api/v1/stream?after=0', { authorization: `Bearer ${KEY}` })
  expect(response.status).toBe(200)
  console.log([...response.headers])
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  while (!text.includes('id: 2\n')) text += (await reader.read()).value
  console.log(text)
  await reader.cancel()
  const ws = await send('GET', '/api/v1/stream?after=0&type=video.*,live.started', {
    authorization: `Bearer ${KEY}`,
    upgrade: 'websocket',
  })
  expect(ws.status).toBe(101)
  const socket = ws.webSocket!
  socket.accept()
  const got: unknown[] = []
  await new Promise<void>((resolve) => {
    socket.addEventListener('message', ({ data }) => {
      got.push(data)
      if (got.length === 3) resolve()
    })
  })
  console.log(got)
  socket.close(1000, 'x')
  const bad = await send('GET', '/api/v1/stream?type=nope&category=x&channel=abc&ticket=hhh', {
    authorization: `Bearer ${KEY}`,
  })
  console.log(await bad.text())
})
