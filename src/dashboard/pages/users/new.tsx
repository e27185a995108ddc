/** @module A new account, which can sign in at once. */
import { useState } from 'preact/hooks'
import { linkTo } from '../../address.ts'
import { api, call } from '../../api.ts'
import { useDraft } from '../../parts/draft.ts'
import { Form, TextField } from '../../parts/form.tsx'
import { Page } from '../../parts/page.tsx'
import { PasswordField } from '../../parts/password-field.tsx'
import { go } from '../../routes.ts'
import { t } from '../../texts/index.ts'
import { RoleField, roleOf } from './role-field.tsx'

export function NewUser() {
  const [{ username, email, role }, change, forget] = useDraft('user', { username: '', email: '', role: '2' })
  const [password, setPassword] = useState('')
  const send = () =>
    call(
      api.POST('/api/v1/users', {
        body: {
          username,
          password,
          role: roleOf(role),
          ...(email.trim() === '' ? {} : { email: email.trim() }),
        },
      }),
    )
  return (
    <Page title={t.users.make} up={{ title: t.users.title, path: ['users'] }}>
      <div class="card">
        <Form
          submit={t.users.make}
          send={send}
          onDone={({ id }) => {
            forget()
            go(linkTo(['users', id]))
          }}
        >
          <TextField
            label={t.users.username}
            name="username"
            hint={t.signIn.usernameHint}
            autocomplete="off"
            maxLength={50}
            value={username}
            onChange={(value) => change({ username: value })}
          />
          <TextField
            label={t.users.address}
            name="email"
            type="email"
            hint={t.users.addressHint}
            autocomplete="off"
            isOptional
            value={email}
            onChange={(value) => change({ email: value })}
          />
          <RoleField value={role} onChange={(value) => change({ role: value })} />
          <PasswordField
            label={t.signIn.password}
            name="password"
            hint={t.users.firstPasswordHint}
            isNew
            value={password}
            onChange={setPassword}
          />
        </Form>
      </div>
    </Page>
  )
}
