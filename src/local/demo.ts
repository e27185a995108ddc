/** @module The demo: an instance that publishes, and a receiver that verifies what it is sent. Both are the tests' own simulators. */
import { startInstance } from '../../test/simulator/instance.ts'
import { startReceiver } from '../../test/simulator/receiver.ts'
import type { ApiClient } from './api-client.ts'

const NAME = 'Tubewire demo instance'
/** Below what the API allows a caller, with room for whoever else has the admin key. */
const LOOK_EVERY_MS = 250
const RECEIVER = 'Demo receiver: it verifies every signature'

export type Demo = {
  instanceUrl: string
  receiverUrl: string
  /** Settles when the instance has been read for the first time: from then on a new video is news. */
  ready: () => Promise<void>
  publish: () => { uuid: string; name: string }
  /** Settles when the receiver has been sent so many webhooks. @returns the last of them. */
  received: (count: number, timeoutMs: number) => Promise<{ id: string; isVerified: boolean; body: string }>
  close: () => Promise<void>
}

/** Starts the demo's two servers and makes them known to Tubewire. */
export async function startDemo(api: ApiClient): Promise<Demo> {
  const [instance, receiver] = await Promise.all([startInstance({ name: NAME }), startReceiver()])
  const endpoint = await api.addEndpoint(new URL(receiver.url), RECEIVER)
  receiver.setSecret(endpoint.secret)
  const added = await api.addInstance(instance.origin, 0)
  let published = 0

  return {
    instanceUrl: instance.origin,
    receiverUrl: receiver.url,
    async ready() {
      const videos = ({ sources }: typeof added) => sources?.find(({ kind }) => kind === 'videos')
      let source = videos(added)
      while (source?.lastSuccessAt == null) {
        if (source?.lastError) throw new Error(`the demo instance can't be read: ${source.lastError}`)
        await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
        source = videos(await api.instance(added.id))
      }
    },
    publish() {
      published += 1
      return instance.publish({ name: `Demo video ${published}`, description: 'Published by the demo.' })
    },
    async received(count, timeoutMs) {
      const last = (await receiver.waitFor(count, timeoutMs)).at(-1)
      return {
        id: last?.headers['webhook-id'] ?? '',
        isVerified: last?.verified === true,
        body: last?.body ?? '',
      }
    },
    async close() {
      await Promise.all([instance.close(), receiver.close()])
    },
  }
}

/** Forgets the demo of an earlier start, which ended with its process. A name alone doesn't make one: it may be anybody's. */
export async function forgetDemo(api: ApiClient): Promise<void> {
  const [instances, endpoints] = await Promise.all([api.instances(), api.endpoints()])
  await Promise.all([
    ...instances
      .filter(({ name, url }) => name === NAME && isHere(url))
      .map(({ id }) => api.removeInstance(id)),
    ...endpoints
      .filter(({ description, url }) => description === RECEIVER && isHere(url))
      .map(({ id }) => api.removeEndpoint(id)),
  ])
}

function isHere(url: string): boolean {
  return new URL(url).hostname === '127.0.0.1'
}
