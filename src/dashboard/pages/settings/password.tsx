/** @module One's own password. A new one ends the session, this one too: whoever else had it is out. */
import { useState } from 'preact/hooks'
import { api, call, type Schemas } from '../../api.ts'
import { Form } from '../../parts/form.tsx'
import { PasswordField } from '../../parts/password-field.tsx'
import { useCan, useSession } from '../../session.ts'
import { t } from '../../texts/index.ts'
import { explainPassword } from './explain-password.tsx'

export function PasswordForm({ account }: { account: Schemas['User'] }) {
  const can = useCan()
  const { leave } = useSession()
  const [currentPassword, setCurrent] = useState('')
  const [password, setPassword] = useState('')
  const { id, hasPassword } = account
  // Who came by a link may have none. An administrator gives one to any account, and so to himself.
  const isFirst = !hasPassword && can('changeUsers')
  const send = () =>
    isFirst
      ? call(api.PUT('/api/v1/users/{id}', { params: { path: { id } }, body: { password } }))
      : call(api.PUT('/api/v1/users/me', { body: { currentPassword, password } }))
  return (
    <section class="card">
      <h2>{t.settings.passwordTitle}</h2>
      <p>{isFirst ? t.settings.firstPassword : t.settings.passwordIntro}</p>
      <Form
        submit={t.settings.changePassword}
        send={send}
        explain={explainPassword}
        onDone={() => leave('new-password')}
      >
        {!isFirst && (
          <PasswordField
            label={t.settings.currentPassword}
            name="currentPassword"
            value={currentPassword}
            onChange={setCurrent}
          />
        )}
        <PasswordField
          label={t.settings.newPassword}
          name="password"
          hint={t.signIn.passwordHint}
          isNew
          value={password}
          onChange={setPassword}
        />
      </Form>
    </section>
  )
}
