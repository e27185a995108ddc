/** @module One event: what happened, where it went, where it came from, and its payload. */
import { api, call, type Schemas } from '../../api.ts'
import { typeName } from '../../event-types.ts'
import { sentenceOf, wordsOf } from '../../event-words.ts'
import { CodeBlock } from '../../parts/copy.tsx'
import { LoadedPart } from '../../parts/loaded.tsx'
import { isWebAddress, OutsideLink } from '../../parts/outside-link.tsx'
import { Page } from '../../parts/page.tsx'
import { Picture } from '../../parts/picture.tsx'
import { t } from '../../texts/index.ts'
import { useLoaded } from '../../use-loaded.ts'
import { Changes } from './changes.tsx'
import { Facts } from './facts.tsx'
import { LongText } from './long-text.tsx'
import { WhereItWent } from './where-it-went.tsx'
import './style.css'

type Event = Schemas['Event']

export function OneEvent({ id }: { id: string }) {
  const event = useLoaded(`event ${id}`, () =>
    call(api.GET('/api/v1/events/{id}', { params: { path: { id }, query: { pictures: 'true' } } })),
  )
  const title = event.data === null ? t.events.one : typeName(event.data.type)
  return (
    <Page title={title} up={{ title: t.events.title, path: ['events'] }}>
      <LoadedPart of={event}>
        {(data) => (
          <>
            <WhatHappened event={data} />
            {'changes' in data.data && <Changes changes={data.data.changes} />}
            <WhereItWent id={id} />
            <Facts event={data} />
            <CodeBlock label={t.events.payload} text={JSON.stringify(withoutPictures(data), null, 2)} />
          </>
        )}
      </LoadedPart>
    </Page>
  )
}

/** As it is sent: its pictures are for this page only. */
function withoutPictures(event: Event): unknown {
  return { ...event, pictures: undefined }
}

function WhatHappened({ event }: { event: Event }) {
  const { url, more, isApiText } = wordsOf(event)
  const thumbnail = 'pictures' in event ? event.pictures?.thumbnail : null
  const said = saidIn(event)
  return (
    <div class="card what-happened">
      {thumbnail && <Picture path={thumbnail} size="thumbnail" />}
      <div>
        <p class="sentence wrap" dir="auto">
          {sentenceOf(event)}
        </p>
        {isApiText && (
          <p lang="en" dir="auto" class="wrap">
            {more}
          </p>
        )}
        {said !== '' && (
          <blockquote>
            <LongText text={said} />
          </blockquote>
        )}
        {url !== null && isWebAddress(url) && (
          <p>
            <OutsideLink href={url}>{t.events.onInstance}</OutsideLink>
          </p>
        )}
      </div>
    </div>
  )
}

/** What a comment says, or the description of a video. */
function saidIn({ data }: Event): string {
  if ('comment' in data) return data.comment.text
  return 'video' in data ? (data.video.description ?? '') : ''
}
