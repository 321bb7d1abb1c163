import { setTimeout } from 'node:timers/promises'
import type { JWK } from 'jose'
import { z } from 'zod'
import type { ServerConfig } from '../config.ts'
import { describeError, type Log } from '../logging.ts'
import { describeForKong, type KongTargets } from './kong-config.ts'
import { toYaml } from './yaml.ts'

const ANSWER_WITHIN_MS = 5000
/** A new key is published five minutes before it signs anything. */
const LOOK_EVERY_MS = 30_000
const AGAIN_AFTER_MS = 2000

const keySetSchema = z.object({
  keys: z.array(z.looseObject({ kty: z.literal('RSA'), kid: z.string() })).min(1),
})

const within = () => AbortSignal.timeout(ANSWER_WITHIN_MS)

/** The keys that are accepted now, from the first process of the keys service that answers. */
async function readKeys({ keys }: KongTargets): Promise<readonly JWK[]> {
  let last: unknown
  for (const target of keys) {
    try {
      const answer = await fetch(`http://${target}/.well-known/jwks.json`, { signal: within() })
      return keySetSchema.parse(await answer.json()).keys
    } catch (error) {
      last = error
    }
  }
  throw new Error('No process of the keys service answers at KEYS_TARGETS.', { cause: last })
}

function checkTargets(targets: KongTargets): void {
  const missing = Object.entries(targets).filter(([, list]) => list.length === 0)
  if (missing.length === 0) return
  const names = missing.map(([name]) => `${name.toUpperCase()}_TARGETS`)
  throw new Error(`Kong has to know where the services are: set ${names.join(', ')}.`)
}

/** The declarative file as of now. */
export async function renderKongConfig({ kong: { targets } }: ServerConfig): Promise<string> {
  checkTargets(targets)
  return toYaml(describeForKong(await readKeys(targets), targets))
}

/** Whether it was new to Kong, which compares first and does not load again what it has. */
async function handOver(adminUrl: URL, file: string): Promise<boolean> {
  const answer = await fetch(new URL('/config?check_hash=1', adminUrl), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ config: file }),
    signal: within(),
  })
  if (!answer.ok && answer.status !== 304) throw new Error(`Kong refused the file: ${String(answer.status)}`)
  return answer.ok
}

async function bringInStep(config: ServerConfig, log: Log): Promise<boolean> {
  try {
    if (await handOver(config.kong.adminUrl, await renderKongConfig(config)))
      log.info('kong has loaded the file')
    return true
  } catch (error) {
    log.warn('kong is not in step', describeError(error))
    return false
  }
}

/** Keeps a Kong in step, until it is told to stop. What cannot be reached now is tried again. */
export async function followKeys(config: ServerConfig, log: Log, stop: AbortSignal): Promise<void> {
  checkTargets(config.kong.targets)
  while (!stop.aborted) {
    const pauseMs = (await bringInStep(config, log)) ? LOOK_EVERY_MS : AGAIN_AFTER_MS
    await setTimeout(pauseMs, undefined, { signal: stop }).catch(() => undefined)
  }
}
