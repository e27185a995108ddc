/** @module `--login`: connects an account on the instance that the command line names. */
import { type ApiClient, ApiError } from './api-client.ts'
import { type Secrets, secretOf } from './secrets.ts'

/**
 * Connects an account, unless it is connected and its session holds.
 * @param url of the instance, which is watched.
 * @returns what became of it, in words.
 * @throws Mistake without a password, ApiError when the login is refused.
 */
export async function connectAccount(
  api: Pick<ApiClient, 'connections' | 'addConnection'>,
  url: URL,
  username: string,
  secrets: Secrets,
  ask: typeof secretOf = secretOf,
): Promise<string> {
  const isIt = (one: { instance: { host: string }; username: string; state: string }) =>
    one.instance.host === url.host &&
    one.username.toLowerCase() === username.toLowerCase() &&
    one.state === 'active'
  if ((await api.connections()).some(isIt)) return 'as before'

  const whose = `${username} at ${url.origin}`
  const account = {
    instance: url.host,
    username,
    password: await ask(secrets, 'TUBEWIRE_PASSWORD', whose),
  }
  const otp = secrets.TUBEWIRE_OTP
  try {
    await api.addConnection(otp === undefined ? account : { ...account, otp })
  } catch (error) {
    if (!(error instanceof ApiError && error.code === 'login_otp_required')) throw error
    await api.addConnection({ ...account, otp: await ask(secrets, 'TUBEWIRE_OTP', whose) })
  }
  return 'connected: its notifications are read'
}
