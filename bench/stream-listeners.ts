/** @module Those who listen, in a process of their own, so that it has a core of its own: they note when each event came. */
import { Agent, get } from 'node:http'
import { WebSocket } from 'ws'

/** What is asked of this process. `report`: what came so far, which is forgotten then. */
export type Order =
  | { do: 'listen'; url: string; keys: string[]; clients: number; by: 'events' | 'socket' }
  | { do: 'report' }
  | { do: 'leave' }

/** What came: milliseconds from the time that each event bears until each client had it; and how it was counted. */
export type Report = { ms: number[]; twice: number; disordered: number }

/** Connections that are opened at once. */
const LANES = 50

let report: Report = { ms: [], twice: 0, disordered: 0 }
let leaves: (() => void)[] = []
const agent = new Agent({ maxSockets: Number.POSITIVE_INFINITY })

/** Notes an event. @param last the sequence before, of this client. @returns the sequence. */
function note(sequence: number, timestamp: string, last: number): number {
  report.ms.push(Date.now() - Date.parse(timestamp))
  if (sequence === last) report.twice += 1
  if (sequence < last) report.disordered += 1
  return Math.max(sequence, last)
}

const EVENT = /\nid: (\d+)\nevent: [^\n]+\ndata: [^\n]*?"timestamp":"([^"]+)"[^\n]*\n\n/g

function listenToEvents(url: string, key: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = get(url, { agent, headers: { authorization: `Bearer ${key}` } }, (response) => {
      if (response.statusCode !== 200) return reject(new Error(`${url}: ${response.statusCode}`))
      let rest = ''
      let last = 0
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        resolve()
        // Each frame begins after the end of another.
        const text = `\n${rest}${chunk}`
        const end = text.lastIndexOf('\n\n') + 2
        for (const [, sequence, timestamp = ''] of text.slice(0, end).matchAll(EVENT))
          last = note(Number(sequence), timestamp, last)
        rest = text.slice(end)
      })
    })
    sent.on('error', reject)
    leaves.push(() => sent.destroy())
  })
}

function listenToSocket(url: string, key: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url.replace(/^http/, 'ws'), { headers: { authorization: `Bearer ${key}` } })
    let last = 0
    socket.on('message', (data) => {
      const message: { id: string; type: string; data: { timestamp: string } & string } = JSON.parse(
        String(data),
      )
      if (message.type === 'ready') resolve()
      else if (message.type === 'check') socket.send(message.data)
      else last = note(Number(message.id), message.data.timestamp, last)
    })
    socket.on('error', reject)
    leaves.push(() => socket.terminate())
  })
}

async function obey(order: Order): Promise<Report | null> {
  if (order.do === 'listen') {
    const listen = order.by === 'events' ? listenToEvents : listenToSocket
    let next = 0
    const lane = async () => {
      while (next < order.clients) {
        const key = order.keys[next % order.keys.length] ?? ''
        next += 1
        await listen(order.url, key)
      }
    }
    await Promise.all(Array.from({ length: LANES }, lane))
    return null
  }
  if (order.do === 'leave') {
    for (const leave of leaves) leave()
    leaves = []
    return null
  }
  const told = report
  report = { ms: [], twice: 0, disordered: 0 }
  return told
}

process.on('message', (order: Order) => {
  obey(order).then(
    (answer) => process.send?.({ answer }),
    (error: unknown) => process.send?.({ error: String(error) }),
  )
})
