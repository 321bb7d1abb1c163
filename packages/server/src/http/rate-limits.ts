import { createHash } from 'node:crypto'
import { type OperationName, ProtocolError } from '@entangle/protocol'
import type { Bucket, Cache } from '../ports/cache.ts'

/** Limits by what is protected: guessing, enumeration, another person's key packages, plain load. */
export const PER_ADDRESS: Partial<Record<OperationName, Bucket>> = {
  startRegistration: { capacity: 60, perMinute: 30 },
  finishRegistration: { capacity: 60, perMinute: 30 },
  startLogin: { capacity: 60, perMinute: 30 },
  finishLogin: { capacity: 60, perMinute: 30 },
  startRecovery: { capacity: 20, perMinute: 10 },
  finishRecovery: { capacity: 20, perMinute: 10 },
  startReset: { capacity: 20, perMinute: 10 },
  finishReset: { capacity: 20, perMinute: 10 },
  enrolDevice: { capacity: 60, perMinute: 30 },
  refreshSession: { capacity: 120, perMinute: 120 },
}
const PER_ACCOUNT: Partial<Record<OperationName, Bucket>> = {
  findAccount: { capacity: 40, perMinute: 30 },
  readAccount: { capacity: 300, perMinute: 300 },
  readAccounts: { capacity: 60, perMinute: 60 },
  readIdentity: { capacity: 300, perMinute: 300 },
  readIdentities: { capacity: 60, perMinute: 60 },
  claimKeyPackages: { capacity: 80, perMinute: 40 },
  claimManyKeyPackages: { capacity: 40, perMinute: 20 },
  publishKeyPackages: { capacity: 20, perMinute: 20 },
  createConversation: { capacity: 40, perMinute: 20 },
  leaveConversation: { capacity: 60, perMinute: 30 },
  writeInvite: { capacity: 60, perMinute: 60 },
  readInvite: { capacity: 30, perMinute: 15 },
  issueTicket: { capacity: 60, perMinute: 60 },
  startPasswordChange: { capacity: 10, perMinute: 5 },
  finishPasswordChange: { capacity: 10, perMinute: 5 },
  fetchVault: { capacity: 10, perMinute: 5 },
  deleteAccount: { capacity: 10, perMinute: 5 },
  replaceDevices: { capacity: 10, perMinute: 5 },
  writeArchive: { capacity: 240, perMinute: 240 },
  writeAccountState: { capacity: 120, perMinute: 120 },
  sendDeviceLetters: { capacity: 20, perMinute: 10 },
}
export const ADDRESS_TOTAL: Bucket = { capacity: 2000, perMinute: 6000 }
const ACCOUNT_TOTAL: Bucket = { capacity: 1000, perMinute: 1500 }
/** Guesses at one person's password, wherever they come from. */
export const LOGIN_OF_HANDLE: Bucket = { capacity: 20, perMinute: 6 }
/** Tries at one person's recovery. */
export const RECOVERY_OF_HANDLE: Bucket = { capacity: 10, perMinute: 2 }
/** Tries at one person's reset. */
export const RESET_OF_HANDLE: Bucket = { capacity: 10, perMinute: 2 }
/** Key packages of one person that one other may take: an attacker must not empty the pool. */
export const CLAIM_OF_TARGET: Bucket = { capacity: 10, perMinute: 2 }

export type RateLimits = {
  /** Throws RATE_LIMITED with the seconds to wait. */
  check(key: string, bucket: Bucket): Promise<void>
  checkAddress(operation: OperationName, address: string): Promise<void>
  checkAccount(operation: OperationName, accountId: string): Promise<void>
}

/** An IPv6 customer has a whole /64. */
function network(address: string): string {
  if (!address.includes(':') || address.startsWith('::ffff:')) return address
  const [head = '', tail = ''] = address.split('::')
  const left = head.split(':').filter(Boolean)
  const right = tail.split(':').filter(Boolean)
  const zeros = new Array(Math.max(0, 8 - left.length - right.length)).fill('0')
  return [...left, ...zeros, ...right].slice(0, 4).join(':')
}

export function createRateLimits(cache: Cache, enabled: boolean): RateLimits {
  async function check(key: string, bucket: Bucket): Promise<void> {
    if (!enabled) return
    // Hashed: a cache that is shared or inspected shows no addresses and no handles.
    const name = createHash('sha256').update(key).digest('base64url')
    const waitMs = await cache.spend(`limit:${name}`, bucket)
    if (waitMs > 0) throw new ProtocolError('RATE_LIMITED', { retryAfterSeconds: Math.ceil(waitMs / 1000) })
  }
  return {
    check,
    async checkAddress(operation, address) {
      const place = network(address)
      await check(`address ${place}`, ADDRESS_TOTAL)
      const bucket = PER_ADDRESS[operation]
      if (bucket !== undefined) await check(`${operation} address ${place}`, bucket)
    },
    async checkAccount(operation, accountId) {
      await check(`account ${accountId}`, ACCOUNT_TOTAL)
      const bucket = PER_ACCOUNT[operation]
      if (bucket !== undefined) await check(`${operation} account ${accountId}`, bucket)
    },
  }
}
