/** @module What an administrator changes of an account. */
import { useState } from 'preact/hooks'
import { api, call } from '../../api.ts'
import { CheckField, Form, TextField } from '../../parts/form.tsx'
import { PasswordField } from '../../parts/password-field.tsx'
import { useSession } from '../../session.ts'
import { t } from '../../texts/index.ts'
import { RoleField, roleOf } from './role-field.tsx'
import type { Account } from './state.tsx'

/** @param onDone told what is said of it. */
export function ChangeUser({ account, onDone }: { account: Account; onDone: (words: string) => void }) {
  const { user, leave } = useSession()
  const { id } = account
  const [role, setRole] = useState<string>(String(account.role.id))
  const [email, setEmail] = useState(account.email ?? '')
  const [isVerified, setVerified] = useState(account.emailVerified)
  const [password, setPassword] = useState('')
  const isSelf = id === user.id

  const send = () => {
    const typed = email.trim()
    const isNewAddress = typed !== (account.email ?? '')
    const saysVerified = isNewAddress ? typed !== '' : isVerified !== account.emailVerified
    return call(
      api.PUT('/api/v1/users/{id}', {
        params: { path: { id } },
        // What stays as it is is not named: an address that is named takes the place of one that waits.
        body: {
          ...(role === String(account.role.id) ? {} : { role: roleOf(role) }),
          ...(isNewAddress ? { email: typed === '' ? null : typed } : {}),
          ...(saysVerified ? { emailVerified: isVerified } : {}),
          ...(password === '' ? {} : { password }),
        },
      }),
    )
  }

  return (
    <section class="card">
      <h2>{t.users.changeTitle}</h2>
      <Form
        submit={t.common.save}
        send={send}
        onDone={() => {
          // One's own new password has ended one's session.
          if (isSelf && password !== '') leave('new-password')
          // A role of one's own is known when the page is loaded anew.
          else if (isSelf && role !== String(account.role.id)) location.reload()
          else onDone(t.common.saved)
        }}
      >
        <div class="columns">
          <RoleField value={role} onChange={setRole} />
          <TextField
            label={t.users.address}
            name="email"
            type="email"
            isOptional
            value={email}
            onChange={setEmail}
          />
        </div>
        <CheckField
          label={t.users.isVerified}
          name="emailVerified"
          hint={t.users.isVerifiedHint}
          value={isVerified}
          onChange={setVerified}
        />
        <PasswordField
          label={t.users.newPassword}
          name="password"
          hint={t.users.newPasswordHint}
          isOptional
          isNew
          value={password}
          onChange={setPassword}
        />
      </Form>
    </section>
  )
}
