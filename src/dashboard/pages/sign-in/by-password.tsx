/** @module Signing in with name and password, and the ways to where one can. */
import { useState } from 'preact/hooks'
import { linkTo } from '../../address.ts'
import { useDraft } from '../../parts/draft.ts'
import { Form, TextField } from '../../parts/form.tsx'
import { Page } from '../../parts/page.tsx'
import { PasswordField } from '../../parts/password-field.tsx'
import type { Ended, User } from '../../session.ts'
import { t } from '../../texts/index.ts'
import { signInWith } from './prove.ts'
import { Refusal } from './refusal.tsx'
import { useSignup } from './signup.ts'

export function ByPassword({ ended, onSignedIn }: { ended: Ended; onSignedIn: (user: User) => void }) {
  // Kept while the language is changed, or the way to register is gone and come back.
  const [{ username }, change, forget] = useDraft('sign-in', { username: '' })
  const [password, setPassword] = useState('')
  const signup = useSignup()
  return (
    <Page title={t.signIn.title}>
      {ended && <WhyHere ended={ended} />}
      <div class="card">
        <Form
          submit={t.signIn.submit}
          send={() => signInWith({ username: username.trim(), password })}
          explain={(failure) => <Refusal failure={failure} />}
          onDone={(user) => {
            forget()
            onSignedIn(user)
          }}
        >
          <TextField
            label={t.signIn.username}
            name="username"
            autocomplete="username"
            value={username}
            onChange={(value) => change({ username: value })}
          />
          <PasswordField label={t.signIn.password} name="password" value={password} onChange={setPassword} />
        </Form>
      </div>
      <ul class="ways">
        <li>
          <a href={linkTo(['forgotten'])}>{t.signIn.forgotten}</a>
        </li>
        {signup.data?.allowed && (
          <li>
            {t.signIn.noAccount} <a href={linkTo(['register'])}>{t.signIn.register}</a>
          </li>
        )}
      </ul>
    </Page>
  )
}

/** Who did not come to sign in is told why he is asked to. */
function WhyHere({ ended }: { ended: NonNullable<Ended> }) {
  const { title, text } = t.signIn.ended[ended]
  const isGood = ended === 'new-password' || ended === 'deleted'
  return (
    <div class={isGood ? 'note good' : 'note warn'} role="status">
      <strong>{title}</strong>
      <p>{text}</p>
      {ended === 'superseded' && <p>{t.signIn.notMe}</p>}
    </div>
  )
}
