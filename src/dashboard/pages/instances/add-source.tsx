/** @module Reading more of an instance: a channel, an account, what a search finds, comments. */
import { useState } from 'preact/hooks'
import { linkTo } from '../../address.ts'
import { api, call, type Failure } from '../../api.ts'
import { useDraft } from '../../parts/draft.ts'
import { Form, SelectField, TextField } from '../../parts/form.tsx'
import { Page } from '../../parts/page.tsx'
import { go } from '../../routes.ts'
import { t } from '../../texts/index.ts'
import { useLoaded } from '../../use-loaded.ts'
import { Advice } from './advice.tsx'
import { bodyOf, isKind, type SourceDraft } from './source-draft.ts'

const EMPTY: SourceDraft = {
  kind: 'channel',
  name: '',
  video: '',
  words: '',
  tags: '',
  languages: '',
  categories: '',
  maxDelaySeconds: '',
}

/** @param id of the instance. */
export function AddSource({ id }: { id: string }) {
  const words = t.instances.more
  const path = { params: { path: { id } } }
  const { data: instance } = useLoaded(`instance ${id}`, () => call(api.GET('/api/v1/instances/{id}', path)))
  const [draft, change, forget] = useDraft(`instances.${id}.source`, EMPTY)
  const [failure, setFailure] = useState<Failure | null>(null)
  const { kind } = draft
  const field = (name: keyof SourceDraft) => ({
    value: draft[name],
    onChange: (value: string) => change({ [name]: value }),
  })
  const send = async () => {
    const result = await call(api.POST('/api/v1/instances/{id}/sources', { ...path, body: bodyOf(draft) }))
    setFailure(result.ok ? null : result.failure)
    return result
  }
  const isOfChannel = kind === 'channel' || kind === 'channelComments'
  return (
    <Page title={words.title} up={{ title: instance?.host ?? t.instances.title, path: ['instances', id] }}>
      <div class="card narrow">
        <Form
          submit={words.submit}
          send={send}
          onDone={() => {
            forget()
            go(linkTo(['instances', id], { added: 'yes' }))
          }}
        >
          <SelectField
            label={words.what}
            name="kind"
            options={words.kinds}
            value={kind}
            onChange={(chosen) => isKind(chosen) && change({ kind: chosen })}
          />
          {(isOfChannel || kind === 'account') && (
            <TextField
              label={words.name}
              name={isOfChannel ? 'channel' : 'account'}
              hint={words.nameHint}
              {...field('name')}
            />
          )}
          {kind === 'videoComments' && (
            <TextField label={words.video} name="video" hint={words.videoHint} {...field('video')} />
          )}
          {kind === 'search' && (
            <>
              <TextField label={words.words} name="search.search" isOptional {...field('words')} />
              <TextField
                label={words.tags}
                name="search.tagsOneOf"
                hint={words.several}
                isOptional
                {...field('tags')}
              />
              <TextField
                label={words.languages}
                name="search.languageOneOf"
                hint={words.several}
                isOptional
                {...field('languages')}
              />
              <TextField
                label={words.categories}
                name="search.categoryOneOf"
                hint={words.several}
                isOptional
                {...field('categories')}
              />
            </>
          )}
          <TextField
            label={words.delay}
            name="maxDelaySeconds"
            type="number"
            hint={words.delayHint}
            isOptional
            {...field('maxDelaySeconds')}
          />
        </Form>
        <Advice failure={failure} />
      </div>
    </Page>
  )
}
