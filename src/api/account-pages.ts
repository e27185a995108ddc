/**
 * @module The two pages that mails lead to: verifying an address, and choosing a password. Plain forms, without a script. A GET
 * changes nothing, for mail programs follow links to look what is behind them; the form's POST does it. To a person an error is
 * a sentence, with the status that it is; to a program that asks for JSON it is the document that it is everywhere.
 */
import { html } from 'hono/html'
import * as v from 'valibot'
import { id, text } from './fields.ts'
import { type Answer, operation } from './operation.ts'
import { Problem } from './problem.ts'
import { choosePassword, verifyAddress } from './register.ts'
import { Password } from './user-view.ts'

const Link = v.object({
  userId: id('usr', 'a user'),
  verificationString: v.pipe(text(100), v.minLength(1)),
})
// Mail programs cut links, and add to them: that is no document for a person to read, but a sentence.
const given = { userId: v.optional(text(1_000), ''), verificationString: v.optional(text(1_000), '') }
const Given = v.object(given)
const GivenWithPassword = v.object({ ...given, password: v.optional(text(1_000), '') })
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
    query: Given,
    async handle({ query, request }) {
      return ask('Verify your address', query, request, (link) => form('/verify-email', link, 'Verify'))
    },
  }),
  operation({
    ...posted,
    id: 'postVerifyEmailPage',
    problems: ['invalid_verification', 'email_taken'],
    path: '/verify-email',
    summary: 'What its form is sent to',
    body: Given,
    example,
    async handle(input) {
      return attempt(input.body, input.request, async (link) => {
        const state = await verifyAddress(input, link.userId, link.verificationString)
        return state === 'waiting-for-approval'
          ? html`<p>Your address is verified. You can log in when a moderator has accepted your registration.</p>`
          : wayIn('Your address is verified. You can log in now.')
      })
    },
  }),
  operation({
    ...common,
    id: 'getResetPasswordPage',
    method: 'GET',
    path: '/reset-password',
    summary: 'The page that a password mail leads to',
    query: Given,
    async handle({ query, request }) {
      const field = html`<p><label>New password, 8 characters at least<br>
<input name="password" type="password" minlength="8" maxlength="255" autocomplete="new-password" required></label></p>`
      return ask('Choose a new password', query, request, (link) =>
        form('/reset-password', link, 'Change it', field),
      )
    },
  }),
  operation({
    ...posted,
    id: 'postResetPasswordPage',
    problems: ['invalid_verification'],
    path: '/reset-password',
    summary: 'What its form is sent to',
    body: GivenWithPassword,
    example: { ...example, password: 'battery staple' },
    async handle(input) {
      const password = v.safeParse(Password, input.body.password)
      return attempt(input.body, input.request, async (link) => {
        if (!password.success)
          throw new Problem(
            400,
            `The password ${password.issues[0].message}: go back, and choose another one`,
          )
        await choosePassword(input, link.userId, link.verificationString, password.output)
        return wayIn('Your password is changed. You can log in with it now.')
      })
    },
  }),
]

type Html = ReturnType<typeof html>

function form(
  action: string,
  { userId, verificationString }: Link,
  label: string,
  fields: Html | string = '',
): Html {
  return html`<form method="post" action="${action}">
<input type="hidden" name="userId" value="${userId}">
<input type="hidden" name="verificationString" value="${verificationString}">
${fields}<p><button>${label}</button></p>
</form>`
}

type Link = v.InferOutput<typeof Link>

/** The page that asks, if the link is whole. */
async function ask(
  title: string,
  query: unknown,
  request: Request,
  content: (link: Link) => Html,
): Promise<Answer> {
  const link = v.safeParse(Link, query)
  return link.success ? page(title, content(link.output)) : refusal(request, incomplete())
}

/** What was done, and the way to the dashboard. */
const wayIn = (done: string): Html => html`<p>${done}</p>
<p><a href="/">Sign in</a></p>`

/** The page that says how it went. @param act returns what is said when it went well. */
async function attempt(body: unknown, request: Request, act: (link: Link) => Promise<Html>): Promise<Answer> {
  const link = v.safeParse(Link, body)
  if (!link.success) return refusal(request, incomplete())
  try {
    return await page('Done', await act(link.output))
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    return refusal(request, error)
  }
}

function incomplete(): Problem {
  return new Problem(
    400,
    'The link is not complete: open it as it is in the mail, all of it, or ask for another mail',
  )
}

/** @throws Problem where a program asks (RFC 9110, 12.5.1). */
function refusal(request: Request, problem: Problem): Promise<Answer> {
  const accepted = request.headers.get('accept') ?? ''
  if (accepted.includes('json') && !accepted.includes('text/html')) throw problem
  return page(
    'That did not work',
    html`<p>${problem.message}.</p>
<p><a href="/">To Tubewire</a></p>`,
    problem.status,
  )
}

async function page(title: string, content: Html, status = 200): Promise<Answer> {
  const text = await html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title} – Tubewire</title>
<link rel="stylesheet" href="/plain.css"></head>
<body>
<main>
<p>Tubewire</p>
<h1>${title}</h1>
${content}
</main>
</body>
</html>
`
  return {
    status,
    text: String(text),
    headers: {
      'content-type': 'text/html; charset=utf-8',
      // The address holds a token: no cache keeps it, and no other page is told of it (Referrer-Policy).
      'cache-control': 'no-store',
      'content-security-policy':
        "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    },
  }
}
