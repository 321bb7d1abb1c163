import type { Verifier } from '@entangle/crypto/verify'
import { createAccessTokens } from '../auth/access-tokens.ts'
import { createAccountService } from '../auth/account-service.ts'
import { createDeviceService } from '../auth/device-service.ts'
import { createGrants } from '../auth/grants.ts'
import { createAuthHandlers } from '../auth/handlers.ts'
import { createLoginService } from '../auth/login-service.ts'
import { createOpaqueServer, createOpaqueSetup } from '../auth/opaque-server.ts'
import { createPasswordProofs } from '../auth/password-proofs.ts'
import { createRecoveryService } from '../auth/recovery-service.ts'
import { createRegistrationService } from '../auth/registration-service.ts'
import { createResetService } from '../auth/reset-service.ts'
import { createSessionPlaces } from '../auth/session-places.ts'
import { createSessionService } from '../auth/session-service.ts'
import type { UsersDatabase } from '../database/users-schema.ts'
import type { RateLimits } from '../http/rate-limits.ts'
import { createVerifiedKeyMaterial } from '../keys/verified-key-material.ts'
import type { Log } from '../logging.ts'
import type { Cache } from '../ports/cache.ts'
import type { ChatAccounts } from '../ports/chat-accounts.ts'
import type { Clock } from '../ports/clock.ts'
import type { Envelope } from '../ports/envelope.ts'
import type { TokenKeys } from '../ports/token-keys.ts'
import type { SecretStore } from '../secrets.ts'

type Parts = {
  readonly database: UsersDatabase
  readonly cache: Cache
  readonly verifier: Verifier
  readonly limits: RateLimits
  readonly secrets: SecretStore
  readonly clock: Clock
  readonly tokenKeys: TokenKeys
  readonly envelope: Envelope
  readonly log: Log
  readonly chat: ChatAccounts
  readonly issuer: () => string
  readonly isOpen: boolean
}

/** The authentication service: accounts, passwords, sessions, devices. */
export async function composeAuth(parts: Parts) {
  const { database, cache, verifier, limits, secrets, clock, tokenKeys, chat, issuer } = parts
  const opaqueSetup = await createOpaqueSetup()
  const opaque = await createOpaqueServer(await secrets.readOrCreate('opaque-setup', () => opaqueSetup))
  const material = createVerifiedKeyMaterial(verifier)
  const tokens = createAccessTokens(tokenKeys, issuer, clock)
  const places = createSessionPlaces(parts.envelope, parts.log)
  const sessions = createSessionService({ database, tokens, places, chat, clock })
  const grants = createGrants(cache, clock)
  const proofs = createPasswordProofs({ database, opaque, cache, limits })
  const accounts = createAccountService({ database, opaque, proofs, grants, sessions, chat })
  const reset = createResetService({ database, opaque, material, sessions, grants, limits, chat, clock })
  return {
    sessions,
    /** What a crash kept from the chat service is told again. */
    async announce(): Promise<void> {
      await accounts.announceDeletions()
      await reset.announceResets()
    },
    handlers: createAuthHandlers({
      database,
      sessions,
      proofs,
      accounts,
      reset,
      registration: createRegistrationService({
        database,
        opaque,
        material,
        sessions,
        clock,
        open: parts.isOpen,
      }),
      login: createLoginService({ database, proofs, grants, material, sessions, clock }),
      recovery: createRecoveryService({ database, cache, limits, grants, material }),
      devices: createDeviceService({ database, material, grants, sessions, places, clock }),
    }),
  }
}
