/** @module What sends a mail to whom is not signed in. It says the same whether the address is known here or not, as the API does. */
import { useState } from 'preact/hooks'
import { linkTo } from '../../address.ts'
import { api, call, type Result } from '../../api.ts'
import { Form, TextField } from '../../parts/form.tsx'
import { Page } from '../../parts/page.tsx'
import { t } from '../../texts/index.ts'

/** A forgotten password. */
export function AskForPassword() {
  return (
    <MailForm
      title={t.signIn.forgottenTitle}
      intro={t.signIn.forgottenIntro}
      submit={t.signIn.sendMail}
      done={t.signIn.forgottenDone}
      ask={(email) => call(api.POST('/api/v1/users/ask-reset-password', { body: { email } }))}
    />
  )
}

/** The mail that verifies an address, once more. */
export function AskForVerification() {
  return (
    <MailForm
      title={t.signIn.sendAgainTitle}
      intro={t.signIn.sendAgainIntro}
      submit={t.signIn.sendAgain}
      done={t.signIn.sendAgainDone}
      ask={(email) => call(api.POST('/api/v1/users/ask-send-verify-email', { body: { email } }))}
    />
  )
}

function MailForm({
  title,
  intro,
  submit,
  done,
  ask,
}: {
  title: string
  intro: string
  submit: string
  /** What is said when it was asked for. */
  done: string
  ask: (email: string) => Promise<Result<unknown>>
}) {
  const [email, setEmail] = useState('')
  const [isSent, setSent] = useState(false)
  return (
    <Page title={title} up={{ title: t.signIn.title, path: [] }}>
      {isSent ? (
        <div class="note good" role="status">
          <p>{done}</p>
          <p>
            <a href={linkTo([])}>{t.signIn.thenSignIn}</a>
          </p>
        </div>
      ) : (
        <>
          <p>{intro}</p>
          <div class="card">
            <Form submit={submit} send={() => ask(email)} onDone={() => setSent(true)}>
              <TextField
                label={t.signIn.email}
                name="email"
                type="email"
                autocomplete="email"
                value={email}
                onChange={setEmail}
              />
            </Form>
          </div>
        </>
      )}
    </Page>
  )
}
