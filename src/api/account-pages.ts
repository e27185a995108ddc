/**
 * @module The two pages that mails lead to: verifying an address, and choosing a password. Plain forms, without a script. A GET
 * changes nothing, for mail programs follow links to look what is behind them; the form's POST does it.
 */
import { html } from 'hono/html'
import * as v from 'valibot'
import { id, text } from './fields.ts'
import { type Answer, operation } from './operation.ts'
import { Problem } from './problem.ts'
import { choosePassword, verifyAddress } from './register.ts'
import { Password } from './user-view.ts'

const link = {
  userId: id('usr', 'a user'),
  verificationString: v.pipe(text(100), v.minLength(1, 'is missing')),
}
const Link = v.strictObject(link)
const example = {
  userId: 'usr_9f86d081884c7d659a2feaa0',
  verificationString: '0123456789abcdef0123456789abcdef01234567',
}
const answers = { 200: { description: 'A page.', contentTypes: ['text/html'] } } as const
const common = { tag: 'Register', answers } as const
const posted = { ...common, method: 'POST', bodyType: 'form' } as const

export const accountPageOperations = [
  operation({
    ...common,
    id: 'getVerifyEmailPage',
    method: 'GET',
    path: '/verify-email',
    summary: 'The page that a verification mail leads to',
    query: Link,
    async handle({ query }) {
      return page('Verify your address', html`${form('/verify-email', query, 'Verify')}`)
    },
  }),
  operation({
    ...posted,
    id: 'postVerifyEmailPage',
    path: '/verify-email',
    summary: 'What its form is sent to',
    body: Link,
    example,
    async handle(input) {
      const { userId, verificationString } = input.body
      return attempt('Your address is verified. You can log in now.', () =>
        verifyAddress(input, userId, verificationString),
      )
    },
  }),
  operation({
    ...common,
    id: 'getResetPasswordPage',
    method: 'GET',
    path: '/reset-password',
    summary: 'The page that a password mail leads to',
    query: Link,
    async handle({ query }) {
      const field = html`<p><label>New password, 8 characters at least<br>
<input name="password" type="password" minlength="8" maxlength="255" autocomplete="new-password" required></label></p>`
      return page('Choose a new password', html`${form('/reset-password', query, 'Change it', field)}`)
    },
  }),
  operation({
    ...posted,
    id: 'postResetPasswordPage',
    path: '/reset-password',
    summary: 'What its form is sent to',
    body: v.strictObject({ ...link, password: Password }),
    example: { ...example, password: 'battery staple' },
    async handle(input) {
      const { userId, verificationString, password } = input.body
      return attempt('Your password is changed. You can log in with it now.', () =>
        choosePassword(input, userId, verificationString, password),
      )
    },
  }),
]

type Html = ReturnType<typeof html>

function form(
  action: string,
  { userId, verificationString }: v.InferOutput<typeof Link>,
  label: string,
  fields: Html | string = '',
): Html {
  return html`<form method="post" action="${action}">
<input type="hidden" name="userId" value="${userId}">
<input type="hidden" name="verificationString" value="${verificationString}">
${fields}<p><button>${label}</button></p>
</form>`
}

/** To a person an error is a sentence, not a document. */
async function attempt(success: string, act: () => Promise<void>): Promise<Answer> {
  try {
    await act()
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    return page('That did not work', html`<p>${error.message}.</p>`)
  }
  return page('Done', html`<p>${success}</p>`)
}

async function page(title: string, content: Html): Promise<Answer> {
  const text = await html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title} – Tubewire</title></head>
<body>
<h1>${title}</h1>
${content}
</body>
</html>
`
  return {
    status: 200,
    text: String(text),
    headers: {
      'content-type': 'text/html; charset=utf-8',
      // The address holds a token: no cache keeps it, and no other page is told of it (Referrer-Policy).
      'cache-control': 'no-store',
      'content-security-policy':
        "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    },
  }
}
