/** @module The migrations make the schema, on an empty database and on one that holds data. */
import { execFile } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '..', '..')
const folders: string[] = []
afterEach(async () => {
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true })))
})

async function migrationFiles(): Promise<string[]> {
  return (await readdir(join(ROOT, 'migrations'))).filter((name) => name.endsWith('.sql')).sort()
}

async function apply(db: DatabaseSync, file: string): Promise<void> {
  const sql = await readFile(join(ROOT, 'migrations', file), 'utf8')
  for (const statement of sql.split('--> statement-breakpoint')) db.exec(statement)
}

describe('The migrations', () => {
  it('are what drizzle-kit would make of the schema: nothing is left to generate', async () => {
    const out = await mkdtemp(join(ROOT, 'node_modules', '.migrations-'))
    folders.push(out)
    await cp(join(ROOT, 'migrations'), out, { recursive: true })
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [
        join(ROOT, 'node_modules', 'drizzle-kit', 'bin.cjs'),
        'generate',
        '--dialect',
        'sqlite',
        '--schema',
        './src/db/schema.ts',
        '--out',
        out.slice(ROOT.length + 1),
      ],
      { cwd: ROOT },
    )
    expect(stdout).toContain('No schema changes, nothing to migrate')
    expect((await readdir(out)).sort()).toEqual((await readdir(join(ROOT, 'migrations'))).sort())
  })

  it('make known videos those of the source that found them, and give each instance a source of comments', async () => {
    const db = new DatabaseSync(':memory:')
    const files = await migrationFiles()
    const watching = files.findIndex((file) => file.startsWith('0006'))
    for (const file of files.slice(0, watching)) await apply(db, file)
    db.exec(`
      INSERT INTO instances (id, owner_id, origin, host, name, version, created_at)
        SELECT 'ins_' || value, 'usr_administrator', 'https://' || value, value, value, '6.3.0', 1
        FROM json_each('["a", "b", "none"]');
      INSERT INTO sources (id, instance_id, kind, due_at, checkpoint, etag, digest, polled_at, succeeded_at, failures,
          last_error, created_at, revision)
        VALUES ('src_a', 'ins_a', 'videos', 7, '{"newest":1}', 'W/"1"', 'd', 5, 4, 2, 'e', 3, 9),
               ('src_b', 'ins_b', 'videos', 8, '{"newest":2}', NULL, NULL, NULL, NULL, 0, NULL, 6, 0);
      INSERT INTO videos SELECT 'ins_a', 'a' || value, value, 100 + value FROM json_each('[1, 2, 3]');
      INSERT INTO videos SELECT 'ins_b', 'a' || value, value, 200 + value FROM json_each('[1, 2]');
    `)
    const before = db.prepare('SELECT * FROM sources ORDER BY id').all()
    for (const file of files.slice(watching)) await apply(db, file)

    const videos = db
      .prepare(
        'SELECT source_id, uuid, published_at, seen_at, state, data FROM videos ORDER BY source_id, uuid',
      )
      .all()
    expect(videos.map((row) => Object.values(row).join(' '))).toEqual([
      'src_a a1 1 101 listed ',
      'src_a a2 2 102 listed ',
      'src_a a3 3 103 listed ',
      'src_b a1 1 201 listed ',
      'src_b a2 2 202 listed ',
    ])
    // The videos sources are as they were, besides what is new of them.
    const after = db.prepare("SELECT * FROM sources WHERE kind = 'videos' ORDER BY id").all()
    expect(after).toMatchObject(before)
    const comments = db
      .prepare(
        "SELECT id, instance_id AS instance, target, due_at AS dueAt, checkpoint, created_at AS createdAt FROM sources WHERE kind = 'comments' ORDER BY instance_id",
      )
      .all()
    const fresh = { id: expect.stringMatching(/^src_[0-9a-f]{24}$/), target: '', checkpoint: '{}' }
    expect(comments).toMatchObject([
      { ...fresh, instance: 'ins_a', dueAt: 7, createdAt: 3 },
      { ...fresh, instance: 'ins_b', dueAt: 8, createdAt: 6 },
    ])
    expect(new Set(comments.map(({ id }) => id)).size).toBe(2)
    // A video goes with its source, and a source with its instance.
    db.exec("PRAGMA foreign_keys = ON; DELETE FROM instances WHERE id = 'ins_a'")
    expect(db.prepare('SELECT DISTINCT source_id AS id FROM videos').all()).toEqual([{ id: 'src_b' }])
    db.close()
  })

  it('keep what is there: each is run on a database that the ones before filled', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tubewire-migrations-'))
    folders.push(folder)
    const db = new DatabaseSync(join(folder, 'db.sqlite'))
    const [first, ...later] = await migrationFiles()
    await apply(db, first ?? '')
    db.exec(`
      INSERT INTO users VALUES ('usr_1', 0, 1);
      INSERT INTO instances VALUES ('ins_1', 'usr_1', 'https://a.example', 'a.example', 'A', '6.3.0', 1);
      INSERT INTO sources (id, instance_id, kind, due_at, checkpoint, created_at) VALUES ('src_1', 'ins_1', 'videos', 1, '{}', 1);
      INSERT INTO videos VALUES ('ins_1', 'uuid', 1, 1);
      INSERT INTO events (id, type, instance, subject, seen_at, poll_id, data)
        VALUES ('evt_1', 'video.published', 'a.example', 'uuid', 1, 'poll_1', '{}');
      INSERT INTO endpoints VALUES ('ep_1', 'usr_1', 'https://b.example', '', 's', 1);
      INSERT INTO subscriptions VALUES ('sub_1', 'usr_1', 'ep_1', 'video.published', 1);
      INSERT INTO deliveries (endpoint_id, event_sequence, owner_id, state, attempts, due_at, created_at)
        VALUES ('ep_1', 1, 'usr_1', 'pending', 1, 9, 1);
      INSERT INTO attempts (endpoint_id, event_sequence, number, started_at, duration_ms, status, error)
        VALUES ('ep_1', 1, 1, 3, 4, 500, 'answered 500');
    `)
    for (const file of later) await apply(db, file)
    for (const table of [
      'instances',
      "sources WHERE kind = 'videos'",
      "sources WHERE kind = 'comments'",
      'videos',
      'events',
      'endpoints',
      'subscriptions',
      'deliveries',
      'attempts',
    ]) {
      expect(db.prepare(`SELECT count(*) AS count FROM ${table}`).get(), table).toEqual({ count: 1 })
    }
    // Of a delivery its latest attempt is known in its own row, and a subscription is found by what it asks for.
    expect(db.prepare('SELECT started_at, duration_ms, status, error, due_at FROM deliveries').get()).toEqual(
      { started_at: 3, duration_ms: 4, status: 500, error: 'answered 500', due_at: 9 },
    )
    expect(db.prepare('SELECT * FROM subscription_keys').all()).toEqual([
      { type: 'video.published', kind: '', value: '', subscription_id: 'sub_1' },
    ])
    expect(db.prepare('SELECT filter FROM subscriptions').get()).toEqual({
      filter: '{"types":["video.published"]}',
    })
    expect(db.prepare('SELECT verified_at FROM endpoints').get()).toEqual({ verified_at: 1 })
    // Nothing was changed before it was made.
    for (const table of ['endpoints', 'subscriptions'])
      expect(db.prepare(`SELECT updated_at FROM ${table}`).get(), table).toEqual({ updated_at: 1 })
    // Lists are as long as they are, those of before the counting too.
    const totals = db
      .prepare('SELECT list, owner_id AS owner, total FROM totals ORDER BY list, owner_id')
      .all()
    expect(totals.map(({ list, owner, total }) => `${list} ${owner} ${total}`)).toEqual([
      'api_keys  0',
      'endpoints  1',
      'endpoints usr_1 1',
      'instances  1',
      'mails  0',
      'subscriptions  1',
      'subscriptions usr_1 1',
      'users  2',
      'users:active  2',
    ])
    db.close()
  })

  it('cluster the tables that are written most', async () => {
    const db = new DatabaseSync(':memory:')
    for (const file of await migrationFiles()) await apply(db, file)
    const clustered = db
      .prepare("SELECT name FROM pragma_table_list WHERE wr = 1 AND schema = 'main' ORDER BY name")
      .all()
    expect(clustered.map(({ name }) => name)).toEqual([
      'attempts',
      'comments',
      'deliveries',
      'delivery_hours',
      'event_hours',
      'feed_items',
      'feed_keys',
      'notifications',
      'subscription_keys',
      'threads',
      'videos',
    ])
    db.close()
  })
})
