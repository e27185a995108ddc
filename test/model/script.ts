/** @module What people do on the instance, at random, and what befalls it: each action is written into the history. */
import type { RemoteInstance } from '../simulator/client.ts'
import type { Fault } from '../simulator/faults.ts'
import type { Privacy } from '../simulator/labels.ts'
import type { User } from '../simulator/recordings.ts'
import { has } from '../simulator/versions.ts'
import type { PublishOptions } from '../simulator/videos.ts'
import type { Published } from '../simulator/world.ts'
import type { Fields, History } from './history.ts'
import { isListed } from './history.ts'
import type { Random } from './random.ts'
import type { Watcher } from './watcher.ts'

export const VERSIONS: readonly string[] = ['5.1.0', '6.3.0', '7.2.0', '8.1.0']

/** How likely each action is. */
const WEIGHTS = {
  publish: 8,
  publishHidden: 3,
  publishTogether: 0.5,
  schedule: 2,
  edit: 12,
  like: 6,
  view: 6,
  setPrivacy: 8,
  remove: 4,
  startLive: 3,
  endLive: 4,
  restartLive: 2,
  comment: 6,
  reply: 14,
  replyDeep: 3,
  commentTogether: 0.5,
  editComment: 5,
  removeComment: 5,
  hold: 2,
  approve: 3,
  notify: 5,
  readNotification: 4,
  readAllNotifications: 0.5,
  removeNotification: 1,
  fail: 1.5,
  heal: 5,
  changeLimits: 1,
  upgrade: 0.3,
  restart: 1,
}
export type Action = keyof typeof WEIGHTS
export const NO_ACTIONS = Object.fromEntries(
  Object.keys(WEIGHTS).map((action) => [action, 0]),
  // Of the same keys.
) as Record<Action, number>

const FAULTS: readonly Fault['kind'][] = [
  '500',
  '502',
  '503',
  '429',
  'html-200',
  'broken-json',
  'close',
  'close-mid-body',
  'redirect',
]
const PATHS = [
  undefined,
  undefined,
  '/api/v1/videos',
  '/nodeinfo',
  '/feeds',
  '/api/v1/users/me/notifications',
]
const AUTHORS: readonly User[] = ['root', 'alice', 'bob', 'carol']
const NOTIFICATIONS = [1, 2, 6, 10, 17, 21, 99]
const LANGUAGES = ['en', 'fr', 'de', null]

export class Script {
  readonly #instance: RemoteInstance
  readonly #watcher: Watcher
  readonly #history: History
  readonly #random: Random
  readonly #reader: User | null
  readonly #permanent = new Set<string>()
  #scheduled: { at: number; uuid: string }[] = []
  #version: string
  #names = 0

  /** @param skewMs by how much the instance's clock is ahead. @param reader who is connected, to whom notifications go. */
  constructor(
    instance: RemoteInstance,
    watcher: Watcher,
    history: History,
    random: Random,
    { version, reader, skewMs }: { version: string; reader: User | null; skewMs: number },
  ) {
    this.#instance = instance
    this.#watcher = watcher
    this.#history = history
    this.#random = random
    this.#reader = reader
    this.#version = version
    this.skewMs = skewMs
    history.version(version)
  }
  readonly skewMs: number

  /** Does one of the actions that can be done now. @returns which. */
  async act(weights: Readonly<Record<Action, number>> = WEIGHTS): Promise<Action> {
    for (;;) {
      const action = this.#random.weighted(weights)
      await this.#sync()
      if (await this.#do(action)) return action
    }
  }

  /** What becomes public by itself does so when its time has come, as soon as anybody looks. */
  async #sync(): Promise<void> {
    await this.#watcher.turnInstance()
    const due = this.#scheduled.filter(({ at }) => at <= this.#watcher.now)
    if (due.length === 0) return
    this.#scheduled = this.#scheduled.filter(({ at }) => at > this.#watcher.now)
    await this.#instance.list()
    for (const { uuid } of due) {
      if (this.#history.videoNow(uuid).privacy === 'gone') continue
      this.#recordPrivacy(uuid, 'public')
      this.#history.note('becomes public by itself', uuid)
    }
  }

  /** Ends all that is in the way of quiet. */
  async heal(): Promise<void> {
    await this.#sync()
    await this.#instance.heal()
    await this.#instance.setLimits({ api: 50, feeds: 50, windowMs: 10_000 })
    this.#history.trouble(false)
    this.#history.note('heals')
  }

  /** When the last of the scheduled videos becomes public; 0: none does. */
  get lastScheduledAt(): number {
    return Math.max(0, ...this.#scheduled.map(({ at }) => at))
  }

  /** Sees to those that are due: to be called between two polls. */
  async publishScheduled(): Promise<void> {
    if (this.#scheduled.some(({ at }) => at <= this.#watcher.now)) await this.#sync()
  }

  get #iso(): string {
    return new Date(this.#watcher.now + this.skewMs).toISOString()
  }

  async #do(action: Action): Promise<boolean> {
    switch (action) {
      case 'publish':
        await this.#publish('public')
        return true
      case 'publishHidden':
        await this.#publish(this.#random.pick(['unlisted', 'private', 'internal'] as const) ?? 'private')
        return true
      case 'publishTogether': {
        const count = this.#random.pick([3, 12, 30]) ?? 3
        for (let index = 0; index < count; index += 1) await this.#publish('public')
        return true
      }
      case 'schedule': {
        const afterMs = this.#random.int(60_000, 4 * 3_600_000)
        const fields = this.#fields()
        const made = await this.#instance.schedule(afterMs, optionsOf(fields))
        const { uuid } = made
        await this.#record(made, fields, 'private')
        this.#scheduled.push({ at: this.#watcher.now + afterMs, uuid })
        this.#history.note(`is scheduled in ${afterMs} ms`, uuid)
        return true
      }
      case 'edit':
        return this.#edit()
      case 'like':
      case 'view': {
        const uuid = this.#anyVideo()
        if (!uuid) return false
        await this.#instance[action](uuid)
        this.#history.note(action, uuid)
        return true
      }
      case 'setPrivacy':
        return this.#setPrivacy()
      case 'remove': {
        const uuid = this.#anyVideo()
        if (!uuid) return false
        await this.#instance.remove(uuid)
        this.#history.video(uuid, { privacy: 'gone' })
        this.#history.note('is deleted', uuid)
        return true
      }
      case 'startLive':
      case 'endLive':
      case 'restartLive':
        return this.#live(action)
      case 'comment':
      case 'hold':
      case 'reply':
      case 'replyDeep':
      case 'commentTogether':
        return this.#comment(action)
      case 'editComment': {
        const id = this.#random.pick(this.#history.commentsNow(({ isDeleted }) => !isDeleted))
        if (id === undefined) return false
        const text = this.#name('Comment')
        await this.#instance.editComment(id, text)
        this.#history.comment(id, { text })
        this.#history.note(`comment is edited: ${text}`, id)
        return true
      }
      case 'removeComment': {
        const id = this.#random.pick(this.#history.commentsNow(({ isDeleted }) => !isDeleted))
        if (id === undefined) return false
        await this.#instance.removeComment(id)
        this.#history.comment(id, { isDeleted: true })
        this.#history.note('comment is deleted', id)
        return true
      }
      case 'approve': {
        const id = this.#random.pick(
          this.#history.commentsNow(({ isHeld, isDeleted }) => isHeld && !isDeleted),
        )
        if (id === undefined) return false
        await this.#instance.approveComment(id)
        this.#history.comment(id, { isHeld: false })
        this.#history.note('comment is approved', id)
        return true
      }
      case 'notify':
      case 'readNotification':
      case 'readAllNotifications':
      case 'removeNotification':
        return this.#notification(action)
      case 'fail': {
        const kind = this.#random.pick(FAULTS) ?? '500'
        const path = this.#random.pick(PATHS)
        const fault: Fault = {
          kind,
          ...(path === undefined ? {} : { path }),
          ...(this.#random.chance(0.5) ? { times: this.#random.int(1, 6) } : {}),
          ...(kind === '429' || kind === '503' ? { retryAfter: String(this.#random.int(0, 120)) } : {}),
        }
        await this.#instance.fail(fault)
        this.#history.trouble(true)
        this.#history.note(`fails: ${JSON.stringify(fault)}`)
        return true
      }
      case 'heal':
        await this.heal()
        return true
      case 'changeLimits': {
        const limits = {
          api: this.#random.pick([12, 30, 50, 200]) ?? 50,
          feeds: this.#random.pick([5, 50]) ?? 50,
        }
        await this.#instance.setLimits(limits)
        this.#history.note(`limits ${JSON.stringify(limits)}`)
        return true
      }
      case 'upgrade': {
        const next = VERSIONS[VERSIONS.indexOf(this.#version) + 1]
        if (!next) return false
        await this.#instance.upgrade(next)
        this.#version = next
        this.#history.version(next)
        this.#history.note(`upgrade to ${next}`)
        return true
      }
      case 'restart':
        await this.#watcher.restart()
        this.#history.note('we are restarted')
        return true
    }
  }

  #name(noun: string): string {
    this.#names += 1
    return `${noun} ${this.#names}`
  }

  #fields(): Fields {
    return {
      name: this.#name('Video'),
      description: this.#random.chance(0.5) ? this.#name('Description') : null,
      category: this.#random.pick([1, 7, 15, null]) ?? null,
      licence: this.#random.pick([1, 2, null]) ?? null,
      language: this.#random.pick(LANGUAGES) ?? null,
      nsfw: this.#random.chance(0.2),
      thumbnail: '',
    }
  }

  async #publish(privacy: Privacy): Promise<string> {
    const fields = this.#fields()
    const made = await this.#instance.publish({ ...optionsOf(fields), privacy })
    await this.#record(made, fields, privacy)
    this.#history.note(`is made, ${privacy}, as ${fields.name}, publishedAt ${made.publishedAt}`, made.uuid)
    return made.uuid
  }

  /** Gives a new video the fields that it can't be made with. */
  async #record(
    { uuid, publishedAt }: Published,
    fields: Fields,
    privacy: Privacy,
    live: 'none' | 'on' = 'none',
  ): Promise<void> {
    const { category, licence, language } = fields
    const thumbnail = await this.#instance.edit(uuid, { category, licence, language })
    this.#history.video(uuid, { privacy, live, publishedAt, fields: { ...fields, thumbnail } })
  }

  /** Mostly one that everybody sees, and mostly one of the newer. */
  #anyVideo(): string | undefined {
    const all = this.#history.videosNow(({ privacy }) => privacy !== 'gone')
    return this.#random.pick(this.#random.chance(0.7) ? all.slice(-25) : all)
  }

  async #edit(): Promise<boolean> {
    const uuid = this.#anyVideo()
    if (!uuid) return false
    const { fields } = this.#history.videoNow(uuid)
    const fresh = this.#fields()
    const field = this.#random.pick(Object.keys(fields) as (keyof Fields)[]) ?? 'name'
    const edit = field === 'thumbnail' ? { thumbnail: true as const } : { [field]: fresh[field] }
    const thumbnail = await this.#instance.edit(uuid, edit)
    const changed = { ...fields, [field]: fresh[field], thumbnail }
    this.#history.video(uuid, { fields: changed })
    this.#history.note(`edit: ${field} = ${changed[field]}`, uuid)
    return true
  }

  #recordPrivacy(uuid: string, privacy: Privacy): void {
    const was = this.#history.videoNow(uuid)
    const isNewDate = was.privacy === 'private' && privacy !== 'private'
    this.#history.video(uuid, { privacy, ...(isNewDate ? { publishedAt: this.#iso } : {}) })
  }

  async #setPrivacy(): Promise<boolean> {
    const uuid = this.#anyVideo()
    if (!uuid) return false
    const was = this.#history.videoNow(uuid).privacy
    const hidden = ['unlisted', 'private', 'internal'] as const
    // Otherwise most would be hidden in the end.
    const privacy = was === 'public' || this.#random.chance(0.3) ? this.#random.pick(hidden) : 'public'
    if (!privacy || privacy === was) return false
    await this.#instance.setPrivacy(uuid, privacy)
    this.#recordPrivacy(uuid, privacy)
    this.#history.note(`${was} → ${privacy}, publishedAt ${this.#history.videoNow(uuid).publishedAt}`, uuid)
    return true
  }

  async #live(action: 'startLive' | 'endLive' | 'restartLive'): Promise<boolean> {
    if (action === 'startLive') {
      const fields = this.#fields()
      const made = await this.#instance.startLive(optionsOf(fields))
      const { uuid, publishedAt } = made
      await this.#record(made, fields, 'public', 'on')
      if (this.#random.chance(0.5)) this.#permanent.add(uuid)
      this.#history.note(`live is on, publishedAt ${publishedAt}`, uuid)
      return true
    }
    if (action === 'endLive') {
      const uuid = this.#random.pick(
        this.#history.videosNow(({ live, privacy }) => live === 'on' && privacy !== 'gone'),
      )
      if (!uuid) return false
      const permanent = this.#permanent.has(uuid)
      const replay = !permanent && this.#random.chance(0.5)
      await this.#instance.endLive(uuid, { permanent, replay })
      this.#history.video(uuid, { live: replay ? 'none' : 'off' })
      this.#history.note(`live ends, ${replay ? 'replay' : permanent ? 'permanent' : 'no replay'}`, uuid)
      return true
    }
    const uuid = this.#random.pick(
      this.#history
        .videosNow(({ live, privacy }) => live === 'off' && privacy !== 'gone')
        .filter((one) => this.#permanent.has(one)),
    )
    if (!uuid) return false
    await this.#instance.restartLive(uuid)
    this.#history.video(uuid, { live: 'on', publishedAt: this.#iso })
    this.#history.note(`live is on again, publishedAt ${this.#iso}`, uuid)
    return true
  }

  async #comment(action: 'comment' | 'hold' | 'reply' | 'replyDeep' | 'commentTogether'): Promise<boolean> {
    if (action === 'hold' && !has(this.#version, 'heldComments')) return false
    const isReply = action.startsWith('reply') || (action !== 'comment' && this.#random.chance(0.7))
    let parent: number | undefined
    let uuid: string | undefined
    if (isReply) {
      const open = this.#history.commentsNow(({ isDeleted, isHeld }) => !isDeleted && !isHeld)
      parent = this.#random.pick(this.#random.chance(0.5) ? open.slice(-20) : open)
      uuid = parent === undefined ? undefined : this.#history.comments.get(parent)?.video
    } else {
      const listed = this.#history.videosNow(isListed)
      uuid = this.#random.pick(this.#random.chance(0.5) ? listed.slice(-10) : listed)
    }
    if (!uuid) return false
    const count =
      action === 'replyDeep'
        ? this.#random.int(3, 10)
        : action === 'commentTogether'
          ? (this.#random.pick([5, 25]) ?? 5)
          : 1
    for (let index = 0; index < count; index += 1) {
      const text = this.#name('Comment')
      const how = { by: this.#random.pick(AUTHORS) ?? 'bob', held: action === 'hold' }
      const made = await this.#instance.comment(uuid, text, parent ?? null, how)
      this.#history.newComment(made.id, uuid, made.threadId, { text, isHeld: how.held, isDeleted: false })
      const where = parent === undefined ? 'thread' : `reply to ${parent} in thread ${made.threadId}`
      this.#history.note(`comment${how.held ? ' held' : ''}, ${where}, on ${uuid}: ${text}`, made.id)
      if (action === 'replyDeep') parent = made.id
    }
    return true
  }

  async #notification(
    action: 'notify' | 'readNotification' | 'readAllNotifications' | 'removeNotification',
  ): Promise<boolean> {
    if (!this.#reader) return false
    const { notifications } = this.#history
    const there = [...notifications].filter(([, moments]) => !moments.at(-1)?.isGone)
    const unread = there.flatMap(([id, moments]) => (moments.at(-1)?.read ? [] : id))
    if (action === 'notify') {
      const type = this.#random.pick(NOTIFICATIONS) ?? 1
      const { id } = await this.#instance.notify(this.#reader, { type })
      this.#history.notification(id, { read: false, isGone: false })
      this.#history.note(`notification of type ${type}`, `notification ${id}`)
      return true
    }
    if (action === 'readAllNotifications') {
      await this.#instance.readAllNotifications(this.#reader)
      for (const id of unread) this.#history.notification(id, { read: true, isGone: false })
      this.#history.note('all are read', ...unread.map((one) => `notification ${one}`), 'notifications')
      return true
    }
    const id = this.#random.pick(action === 'readNotification' ? unread : there.map(([one]) => one))
    if (id === undefined) return false
    if (action === 'readNotification') {
      await this.#instance.readNotification(this.#reader, id)
      this.#history.notification(id, { read: true, isGone: false })
      this.#history.note('notification is read', `notification ${id}`)
      return true
    }
    await this.#instance.removeNotification(this.#reader, id)
    const read = notifications.get(id)?.at(-1)?.read ?? false
    this.#history.notification(id, { read, isGone: true })
    this.#history.note('notification is deleted', `notification ${id}`)
    return true
  }
}

function optionsOf({ name, description, nsfw }: Fields): PublishOptions {
  return { name, nsfw, ...(description === null ? {} : { description }) }
}
