/** @module One's own mail address, which is taken when it was verified. */
import { useState } from 'preact/hooks'
import { api, call, type Failure, type Schemas } from '../../api.ts'
import { FailureNote } from '../../parts/failure.tsx'
import { Form, TextField } from '../../parts/form.tsx'
import { PasswordField } from '../../parts/password-field.tsx'
import { t } from '../../texts/index.ts'
import { explainPassword } from './explain-password.tsx'

export function AddressForm({ account, onDone }: { account: Schemas['User']; onDone: () => void }) {
  const [email, setEmail] = useState('')
  const [currentPassword, setCurrent] = useState('')
  const [isSent, setSent] = useState(false)
  const { email: address, emailVerified, pendingEmail, hasPassword } = account
  return (
    <section class="card">
      <h2>{t.settings.addressTitle}</h2>
      <p class="wrap">
        {address === null ? (
          t.settings.noAddress
        ) : (
          <>
            <strong dir="auto">{address}</strong>{' '}
            <span class="quiet">{emailVerified ? t.users.verified : t.users.notVerified}</span>
          </>
        )}
      </p>
      {pendingEmail !== null && <Pending email={pendingEmail} />}
      {!hasPassword && <p>{t.settings.passwordFirst}</p>}
      {hasPassword && (
        <Form
          submit={t.settings.changeAddress}
          send={() => call(api.PUT('/api/v1/users/me', { body: { currentPassword, email: email.trim() } }))}
          explain={explainPassword}
          onDone={() => {
            setEmail('')
            setCurrent('')
            setSent(true)
            onDone()
          }}
        >
          <TextField
            label={t.settings.newAddress}
            name="email"
            type="email"
            autocomplete="email"
            hint={t.settings.addressHint}
            value={email}
            onChange={setEmail}
          />
          <PasswordField
            label={t.settings.passwordForAddress}
            name="currentPassword"
            value={currentPassword}
            onChange={setCurrent}
          />
        </Form>
      )}
      <p role="status">{isSent && t.settings.addressSent}</p>
    </section>
  )
}

/** An address that waits for its mail. */
function Pending({ email }: { email: string }) {
  const [isSent, setSent] = useState(false)
  const [failure, setFailure] = useState<Failure | null>(null)
  const again = async () => {
    const result = await call(api.POST('/api/v1/users/ask-send-verify-email', { body: { email } }))
    setFailure(result.ok ? null : result.failure)
    setSent(result.ok)
  }
  return (
    <div class="note warn">
      <p dir="auto" class="wrap">
        {t.settings.pending(email)}
      </p>
      {failure && <FailureNote failure={failure} />}
      <p class="actions">
        <button type="button" class="small" onClick={again}>
          {t.signIn.sendAgain}
        </button>
        <span role="status">{isSent && t.settings.sentAgain}</span>
      </p>
    </div>
  )
}
