/** @module What Tubewire's mails say: plain text, each with what to do when one did not ask for it. Pure. */

export type MailText = { subject: string; text: string }

/** Whom a mail is for. `publicUrl`: an origin, such as `https://tubewire.example`. */
type Account = { publicUrl: string; username: string }

/** `minutes`: how long the token may be used, once. */
type TokenFor = Account & { userId: string; token: string; minutes: number }

/** To confirm an address: of a new account, or a new one of an old account. */
export function verifyEmail(to: TokenFor): MailText {
  const body = JSON.stringify({ verificationString: to.token })
  return {
    subject: 'Tubewire: please confirm your mail address',
    text: letter(to, [
      `please confirm that this mail address is yours. Open this page within ${to.minutes} minutes:`,
      page(to, 'verify-email'),
      `Without a browser, this call of the API does the same:`,
      `${call(to, `users/${encodeURIComponent(to.userId)}/verify-email`)}\n${body}`,
      'You did not ask for this? Then somebody has mistyped his address. Do nothing, and it will not be used.',
    ]),
  }
}

/** To choose a new password. */
export function resetPassword(to: TokenFor): MailText {
  const body = JSON.stringify({ verificationString: to.token, password: 'YOUR NEW PASSWORD' })
  return {
    subject: 'Tubewire: choose a new password',
    text: letter(to, [
      `you can choose a new password on this page within ${to.minutes} minutes:`,
      page(to, 'reset-password'),
      `Without a browser, this call of the API does the same:`,
      `${call(to, `users/${encodeURIComponent(to.userId)}/reset-password`)}\n${body}`,
      'You did not ask for this? Then do nothing: your password stays as it is, and only this mail can change it. Keep it to yourself.',
    ]),
  }
}

/** To the address of now, when another one is to take its place. */
export function addressChange(to: Account & { email: string }): MailText {
  return {
    subject: 'Tubewire: another mail address for your account',
    text: letter(to, [
      `somebody, probably you, has asked that ${oneLine(to.email, 320)} takes the place of this mail address. It does when it is verified there.`,
      'It was not you? Then somebody knows your password. Choose a new one at once: that takes the change back, and logs everybody out. This call of the API, with this mail address as "email", sends you a link to do it:',
      call(to, 'users/ask-reset-password'),
    ]),
  }
}

/** Instead of `verifyEmail`, when somebody registers with an address that has an account: he is told nothing. */
export function alreadyRegistered(to: Account): MailText {
  return {
    subject: 'Tubewire: you have an account already',
    text: letter(to, [
      'somebody, probably you, has just tried to use this mail address here. It has an account already, with the user name above. If you have never verified the address, this call of the API, with your mail address as "email", sends you the link once more:',
      call(to, 'users/ask-send-verify-email'),
      'You have forgotten your password? This call of the API, with your mail address as "email", sends you a link to choose a new one:',
      call(to, 'users/ask-reset-password'),
      'It was not you? Then do nothing: nothing has changed, and whoever it was has not been told that you have an account.',
    ]),
  }
}

/** A moderator has accepted the registration. */
export function accountAccepted(to: Account): MailText {
  return {
    subject: 'Tubewire: your account is ready',
    text: letter(to, [
      'your registration has been accepted. You can log in, with the password that you chose:',
      to.publicUrl,
      'A program logs in by this call of the API:',
      call(to, 'users/token'),
      'You did not register here? Then somebody has used your address. Please tell whoever runs this server.',
    ]),
  }
}

/** The registration waits for a moderator. */
export function registrationWaiting(to: Account): MailText {
  return {
    subject: 'Tubewire: your registration waits for approval',
    text: letter(to, [
      'thank you for registering here. A moderator will look at it, and you will get another mail when your account is ready:',
      to.publicUrl,
      'You did not register here? Then somebody has used your address. Do nothing, or tell whoever runs this server.',
    ]),
  }
}

function letter({ publicUrl, username }: Account, paragraphs: readonly string[]): string {
  return [`Hello ${oneLine(username)},`, ...paragraphs, `-- \nTubewire, ${publicUrl}`, '']
    .join('\n\n')
    .trimEnd()
}

function page({ publicUrl, userId, token }: TokenFor, path: string): string {
  return `${publicUrl}/${path}?${new URLSearchParams({ userId, verificationString: token })}`
}

function call({ publicUrl }: Account, path: string): string {
  return `POST ${publicUrl}/api/v1/${path}`
}

/** A name is chosen by whoever registers with somebody's address: it must not become lines of a letter of ours. */
function oneLine(name: string, longest = 50): string {
  return name.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').slice(0, longest)
}
