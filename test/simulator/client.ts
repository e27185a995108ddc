/** @module The tests' hand on instances, receivers and mail servers that run outside: the same methods, over HTTP. */
import type { InstanceOptions, SimulatedInstance } from './instance.ts'
import type { MailServer, MailServerOptions } from './mail-server.ts'
import type { MisbehavingReceiver, Misbehaviour } from './misbehaving-receiver.ts'
import type { Receiver } from './receiver.ts'

/** An object's methods, each a promise; its plain fields as they are. Made of the real type, so that it can't drift. */
export type Remote<TLocal> = {
  [TName in keyof TLocal]: TLocal[TName] extends (...args: infer TArgs) => infer TResult
    ? (...args: TArgs) => Promise<Awaited<TResult>>
    : TLocal[TName]
}
export type RemoteInstance = Remote<SimulatedInstance>
export type RemoteMailServer = Remote<MailServer>

/** @param url of the control server. */
export function connectControl(url: string) {
  async function call(target: string | undefined, method: string, args: unknown[]): Promise<unknown> {
    const response = await fetch(url, { method: 'POST', body: JSON.stringify({ target, method, args }) })
    const answer: { result?: unknown; error?: string } = await response.json()
    if (!response.ok) throw new Error(answer.error)
    return answer.result
  }

  async function make<TLocal>(
    kind: 'instance' | 'receiver' | 'misbehaving' | 'mailServer',
    options: unknown,
  ): Promise<Remote<TLocal>> {
    // What the control server answers to a call without a target.
    const plain = (await call(undefined, kind, [options])) as { target: string } & Record<string, unknown>
    return new Proxy(plain, {
      get(fields, name) {
        // A promise's `then` must not be taken for a method of the server.
        if (typeof name !== 'string' || name === 'then') return undefined
        return name in fields ? fields[name] : (...args: unknown[]) => call(fields.target, name, args)
      },
      // The proxy answers every name of TLocal, by field or by call.
    }) as unknown as Remote<TLocal>
  }

  return {
    instance: (options: InstanceOptions = {}) => make<SimulatedInstance>('instance', options),
    receiver: () => make<Receiver>('receiver', {}),
    misbehaving: (kind: Misbehaviour) => make<MisbehavingReceiver>('misbehaving', kind),
    mailServer: (options: MailServerOptions = {}) => make<MailServer>('mailServer', options),
  }
}
