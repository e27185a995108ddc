/** @module The form that logs in to an instance: a password goes there and is kept nowhere, here neither. */
import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { linkTo } from '../../address.ts'
import { api, call, type Failure } from '../../api.ts'
import { CheckField, Form, TextField } from '../../parts/form.tsx'
import { useCan } from '../../session.ts'
import { t } from '../../texts/index.ts'
import type { Connection } from './connection-words.tsx'

/** What is kept while it is typed: nothing secret. */
export type LogInDraft = {
  instance: string
  username: string
  notifications: boolean
  comments: boolean
  subscriptions: boolean
}

/** After these the instance wants a one-time password. */
const OTP_CODES: readonly string[] = ['login_otp_required', 'login_otp_wrong']

/** @param children the fields that come first. @param hint below what is read. */
export function LogInForm({
  draft,
  change,
  submit,
  hint,
  onDone,
  children,
}: {
  draft: LogInDraft
  change: (part: Partial<LogInDraft>) => void
  submit: string
  hint?: string
  onDone: (connection: Connection) => void
  children: ComponentChildren
}) {
  const words = t.connections.new
  const [password, setPassword] = useState('')
  const [otp, setOtp] = useState('')
  const [failure, setFailure] = useState<Failure | null>(null)
  const [isOtpAsked, setOtpAsked] = useState(false)
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (isOtpAsked) box.current?.querySelector<HTMLInputElement>('input[name=otp]')?.focus()
  }, [isOtpAsked, failure])

  const send = async () => {
    const { instance, username, notifications, comments, subscriptions } = draft
    const code = otp.trim()
    const body = { instance, username, password, notifications, comments, subscriptions }
    const result = await call(
      api.POST('/api/v1/connections', { body: { ...body, ...(code === '' ? {} : { otp: code }) } }),
    )
    setFailure(result.ok ? null : result.failure)
    if (!result.ok && OTP_CODES.includes(result.failure.code)) {
      setOtp('')
      setOtpAsked(true)
    }
    return result
  }
  return (
    <div class="card narrow" ref={box}>
      <Form submit={submit} send={send} onDone={onDone}>
        {children}
        <TextField
          label={words.password}
          name="password"
          type="password"
          autocomplete="off"
          hint={words.passwordHint}
          value={password}
          onChange={setPassword}
        />
        {isOtpAsked && (
          <TextField
            label={words.otp}
            name="otp"
            autocomplete="one-time-code"
            inputMode="numeric"
            maxLength={20}
            hint={words.otpHint}
            value={otp}
            onChange={setOtp}
          />
        )}
        <fieldset>
          <legend>{words.legend}</legend>
          <CheckField
            label={words.notifications}
            name="notifications"
            value={draft.notifications}
            onChange={(notifications) => change({ notifications })}
          />
          <CheckField
            label={words.comments}
            name="comments"
            value={draft.comments}
            onChange={(comments) => change({ comments })}
          />
          <CheckField
            label={words.subscriptions}
            name="subscriptions"
            value={draft.subscriptions}
            onChange={(subscriptions) => change({ subscriptions })}
          />
          {hint && <p class="hint">{hint}</p>}
        </fieldset>
      </Form>
      <LogInAdvice failure={failure} instance={draft.instance} />
    </div>
  )
}

function LogInAdvice({ failure, instance }: { failure: Failure | null; instance: string }) {
  const can = useCan()
  if (!failure) return null
  const { code } = failure
  const texts: Readonly<Record<string, string>> = {
    ...t.instances.advice,
    ...t.connections.advice,
    login_otp_required: t.connections.new.otpAsked,
  }
  const advice = Object.hasOwn(texts, code) ? texts[code] : undefined
  if (advice === undefined) return null
  return (
    <div class="note">
      <p>
        <strong>{t.instances.new.tryThis}:</strong> {advice}
      </p>
      {code === 'not_watched' && can('addInstance') && (
        <p>
          <a href={linkTo(['instances', 'new'], { url: instance })}>{t.connections.new.addInstance}</a>
        </p>
      )}
    </div>
  )
}
