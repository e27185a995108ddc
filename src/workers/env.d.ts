/** The bindings of wrangler.toml. Values of variables and secrets are checked by src/config.ts. */
interface Env {
  DB: D1Database
  POLL_QUEUE: Queue<import('./messages.ts').PollMessage>
  DELIVERY_QUEUE: Queue<import('./messages.ts').DeliveryMessage>
  RATE_LIMITER: DurableObjectNamespace<import('./rate-limiter.ts').RateLimiter>
  DELIVERY_GATE: DurableObjectNamespace<import('./delivery-gate.ts').DeliveryGate>
  STREAM_HUB: DurableObjectNamespace<import('./stream-hub.ts').StreamHub>
  PICTURE_LOADER: DurableObjectNamespace<import('./picture-loader.ts').PictureLoader>
  PICTURES: KVNamespace
  ADMIN_KEY: string
  ENCRYPTION_KEYS: string
  MAX_DELAY_SECONDS: string
  MAX_DELAY_COMMENTS_SECONDS: string
  CRON_PERIOD_SECONDS: string
  DELIVERY_TIMEOUT_SECONDS: string
  DELIVERY_CONCURRENCY: string
  ALLOW_LOCAL_TARGETS: string
  PUBLIC_URL: string
  CONTACT_URL: string
  DNS_URL: string
  SIGNUP: string
  RATE_LIMIT_API: string
  RATE_LIMIT_TOKEN: string
  RATE_LIMIT_REGISTER: string
  RATE_LIMIT_VERIFY_EMAIL: string
  MAIL_FROM: string
  SMTP_URL: string
  MAIL_API_URL: string
  MAIL_API_KEY: string
}

declare namespace Cloudflare {
  interface Env extends globalThis.Env {}
}
