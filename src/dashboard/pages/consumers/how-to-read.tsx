/** @module How a program reads with a consumer: to be copied. */

import { linkTo } from '../../address.ts'
import { CodeBlock } from '../../parts/copy.tsx'
import { t } from '../../texts/index.ts'

export function HowToRead({ name }: { name: string }) {
  const url = `${location.origin}/api/v1/consumers/${name}`
  return (
    <section class="card">
      <h2>{t.consumers.howTo}</h2>
      <p>
        {t.consumers.howToHint} <a href={linkTo(['api-keys', 'new'])}>{t.consumers.makeKey}</a>
      </p>
      <CodeBlock label="curl" text={curlOf(url)} />
      <CodeBlock label="JavaScript" text={scriptOf(url)} />
    </section>
  )
}

/** For a shell with `jq`. */
const curlOf = (url: string) => `export URL=${url}
AUTH="Authorization: Bearer $TUBEWIRE_KEY"
while batch=$(curl -sf -H "$AUTH" "$URL/events?worker=$HOSTNAME&wait=30"); do
  echo "$batch" | jq -c '.data[]'   # what you do with each
  echo "$batch" | jq '{sequence, lease}' |
    curl -sf -H "$AUTH" -H "Content-Type: application/json" "$URL/ack" -d @- >/dev/null
done`

/** For Node, Deno, Bun. */
const scriptOf = (url: string) => `// read.mjs: TUBEWIRE_KEY=… node read.mjs
const url = '${url}'
const headers = {
  authorization: \`Bearer \${process.env.TUBEWIRE_KEY}\`,
  'content-type': 'application/json',
}

for (;;) {
  const response = await fetch(\`\${url}/events?worker=\${process.pid}&wait=30\`, { headers })
  if (!response.ok) throw new Error(await response.text())
  const { data, sequence, lease } = await response.json()
  for (const event of data) {
    console.log(event.sequence, event.type) // what you do with each
  }
  const body = JSON.stringify({ sequence, lease })
  await fetch(\`\${url}/ack\`, { method: 'POST', headers, body })
}`
