/** @module Pictures of an instance: real ones, two pixels wide. */
import { Buffer } from 'node:buffer'
import type { Answer } from './recorded-answers.ts'

/** By the endings of their names. */
const PICTURES = {
  jpg: {
    type: 'image/jpeg',
    base64:
      '/9j/2wBDABALDA4MChAODQ4SERATGCgaGBYWGDEjJR0oOjM9PDkzODdASFxOQERXRTc4UG1RV19iZ2hnPk1xeXBkeFxlZ2P/2wBDARESEhgVGC8aGi9jQjhCY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2P/wAARCAACAAIDASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAT/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/8QAFAEBAAAAAAAAAAAAAAAAAAAABv/EABQRAQAAAAAAAAAAAAAAAAAAAAD/2gAMAwEAAhEDEQA/ALgBYhf/2Q==',
  },
  png: {
    type: 'image/png',
    base64:
      'iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAMAAABFaP0WAAAAA1BMVEX/iADquBt0AAAACXBIWXMAAAPoAAAD6AG1e1JrAAAAC0lEQVQImWNgAAEAAAYAAeaH/n8AAAAASUVORK5CYII=',
  },
  gif: {
    type: 'image/gif',
    base64: 'R0lGODlhAgACAIAAAExpcf+IACH5BAUAAAAALAAAAAACAAIAAAICjFMAOw==',
  },
  webp: {
    type: 'image/webp',
    base64: 'UklGRjgAAABXRUJQVlA4ICwAAADQAQCdASoCAAIAAsBMJaACdLoB+AADsAD+43d/9GH3fi/uuf/LPn8NnRgAAA==',
  },
  avif: {
    type: 'image/avif',
    base64:
      'AAAAHGZ0eXBhdmlmAAAAAG1pZjFhdmlmbWlhZgAAANZtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAACJpbG9jAAAAAERAAAEAAQAAAAAA+gABAAAAAAAAACQAAAAjaWluZgAAAAAAAQAAABVpbmZlAgAAAAABAABhdjAxAAAAAA5waXRtAAAAAAABAAAAVmlwcnAAAAA4aXBjbwAAAAxhdjFDgSACAAAAABRpc3BlAAAAAAAAAAIAAAACAAAAEHBpeGkAAAAAAwgICAAAABZpcG1hAAAAAAAAAAEAAQOBAgMAAAAsbWRhdBIACgc4ADaQENBpMhcZQmMEwAA0AATsJ5yF3LXbtV6o6Iy6Qw==',
  },
}
export type PictureEnding = keyof typeof PICTURES

/** A picture's bytes. @param label behind its end, where no program looks: each picture has bytes of its own. */
export function picture(ending: PictureEnding, label: string): Buffer {
  return Buffer.concat([Buffer.from(PICTURES[ending].base64, 'base64'), Buffer.from(label)])
}

/** What an instance answers to the path of a thumbnail or an avatar: it has each that it is asked for. */
export function pictureAt(path: string): Answer | null {
  const match = /^\/lazy-static\/(?:thumbnails|avatars)\/[\w-]+\.(\w+)$/.exec(path)
  const ending = match?.[1]
  if (!ending || !isEnding(ending)) return null
  return {
    status: 200,
    headers: { 'content-type': PICTURES[ending].type, 'cache-control': 'public, max-age=7200' },
    body: picture(ending, path),
  }
}

function isEnding(text: string): text is PictureEnding {
  return Object.hasOwn(PICTURES, text)
}
