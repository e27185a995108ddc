/** @module How a receiver tells that a webhook is genuine: the very files that are tested with the service. */

import go from '../../../../docs/verify/verify.go?raw'
import node from '../../../../docs/verify/verify.mjs?raw'
import php from '../../../../docs/verify/verify.php?raw'
import python from '../../../../docs/verify/verify.py?raw'
import { linkTo } from '../../address.ts'
import { CodeBlock } from '../../parts/copy.tsx'
import { Tabs } from '../../parts/tabs.tsx'
import { replace, useRoute } from '../../routes.ts'
import { t } from '../../texts/index.ts'

/** The secret is no part of a program: it comes from its surroundings. */
const LANGUAGES = {
  node: {
    title: 'Node',
    code: node,
    call: 'verify(process.env.TUBEWIRE_SECRET, request.headers, body)',
  },
  python: {
    title: 'Python',
    code: python,
    call: 'verify(os.environ["TUBEWIRE_SECRET"], self.headers, self.rfile.read(length))',
  },
  go: {
    title: 'Go',
    code: go,
    call: 'Verify(os.Getenv("TUBEWIRE_SECRET"), r.Header, body, time.Now())',
  },
  php: {
    title: 'PHP',
    code: php,
    call: "verify(getenv('TUBEWIRE_SECRET'), array_change_key_case(getallheaders()), file_get_contents('php://input'))",
  },
} as const
type Language = keyof typeof LANGUAGES

/** Code in tabs. Which one is seen is in the address: `?code=python`. */
export function VerifyCode() {
  const { path, query } = useRoute()
  const asked = query.get('code') ?? ''
  // One of the keys: it is looked up as one's own.
  const chosen = Object.hasOwn(LANGUAGES, asked) ? (asked as Language) : 'node'
  const { title, code, call } = LANGUAGES[chosen]
  const choose = (name: string) =>
    replace(linkTo(path, { ...Object.fromEntries(query), code: name === 'node' ? undefined : name }))
  const tabs = Object.entries(LANGUAGES).map(([name, language]) => ({ name, title: language.title }))
  return (
    <>
      <p>{t.endpoints.secret.codeHint}</p>
      <Tabs label={t.endpoints.secret.languages} tabs={tabs} chosen={chosen} onChoose={choose}>
        <p class="hint">{t.endpoints.secret.called}</p>
        <p>
          <code class="wrap" dir="ltr">
            {call}
          </code>
        </p>
        <CodeBlock label={t.endpoints.secret.code(title)} text={code} />
      </Tabs>
    </>
  )
}
