/** @module Registering, where the administrator allows it, and what happens then. */
import { useState } from 'preact/hooks'
import { linkTo } from '../../address.ts'
import { api, call } from '../../api.ts'
import { useDraft } from '../../parts/draft.ts'
import { Form, TextField } from '../../parts/form.tsx'
import { LoadedPart } from '../../parts/loaded.tsx'
import { Page } from '../../parts/page.tsx'
import { PasswordField } from '../../parts/password-field.tsx'
import { t } from '../../texts/index.ts'
import { Refusal } from './refusal.tsx'
import { type Signup, useSignup } from './signup.ts'

const up = () => ({ title: t.signIn.title, path: [] })

export function Register() {
  const signup = useSignup()
  return (
    <Page title={t.signIn.register} up={up()}>
      <LoadedPart of={signup}>
        {(data) => (data.allowed ? <Open signup={data} /> : <p class="note">{t.signIn.closed}</p>)}
      </LoadedPart>
    </Page>
  )
}

function Open({ signup }: { signup: Signup }) {
  const [{ username, email }, change, forget] = useDraft('register', { username: '', email: '' })
  const [password, setPassword] = useState('')
  const [sentTo, setSentTo] = useState<string | null>(null)
  if (sentTo !== null) return <WhatNext email={sentTo} signup={signup} />
  return (
    <>
      <p>{signup.requiresApproval ? t.signIn.beforeApproval : t.signIn.beforeOpen}</p>
      <div class="card">
        <Form
          submit={t.signIn.register}
          send={() => call(api.POST('/api/v1/users/register', { body: { username, email, password } }))}
          explain={(failure) => <Refusal failure={failure} />}
          onDone={() => {
            setSentTo(email)
            forget()
          }}
        >
          <TextField
            label={t.signIn.newUsername}
            name="username"
            hint={t.signIn.usernameHint}
            autocomplete="username"
            maxLength={50}
            value={username}
            onChange={(value) => change({ username: value })}
          />
          <TextField
            label={t.signIn.email}
            name="email"
            type="email"
            autocomplete="email"
            hint={t.signIn.emailHint}
            value={email}
            onChange={(value) => change({ email: value })}
          />
          <PasswordField
            label={t.signIn.password}
            name="password"
            hint={t.signIn.passwordHint}
            isNew
            value={password}
            onChange={setPassword}
          />
        </Form>
      </div>
    </>
  )
}

function WhatNext({ email, signup }: { email: string; signup: Signup }) {
  return (
    <div class="note good" role="status">
      <strong>{t.signIn.registered}</strong>
      <ol>
        <li dir="auto" class="wrap">
          {t.signIn.lookIntoMail(email)}
        </li>
        {signup.requiresApproval && <li>{t.signIn.thenApproval}</li>}
        <li>
          <a href={linkTo([])}>{t.signIn.thenSignIn}</a>
        </li>
      </ol>
      <p>
        {t.signIn.noMail} <a href={linkTo(['verify'])}>{t.signIn.sendAgain}</a>
      </p>
    </div>
  )
}
