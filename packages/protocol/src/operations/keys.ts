import { z } from 'zod'
import { bytesSchema } from '../bytes-schema.ts'
import { accountIdSchema, deviceIdSchema } from '../ids.ts'
import { LIMITS } from '../limits.ts'
import { defineOperation, emptySchema } from '../operation.ts'
import { accountIdsSchema, identitySchema } from './fields.ts'

const keyPackageBytes = bytesSchema({ atMost: LIMITS.keyPackageBytes })

const claimedPackageSchema = z.object({
  deviceId: deviceIdSchema,
  keyPackage: keyPackageBytes,
  lastResort: z.boolean(),
})

export const publishKeyPackages = defineOperation({
  name: 'publishKeyPackages',
  service: 'keys',
  method: 'POST',
  path: '/v1/keys/packages',
  auth: 'device',
  summary:
    'Adds one-time key packages of this device to its pool; may replace the last-resort package. Repeating it adds nothing twice.',
  request: z.strictObject({
    packages: z.array(keyPackageBytes).max(LIMITS.keyPackagePool),
    lastResort: keyPackageBytes.optional(),
  }),
  response: z.object({ available: z.number().int() }),
  errors: ['KEYS_PACKAGE_INVALID', 'RATE_LIMITED'],
  bodyLimitBytes: 1024 * 1024,
})

export const keyPackageStatus = defineOperation({
  name: 'keyPackageStatus',
  service: 'keys',
  method: 'GET',
  path: '/v1/keys/packages',
  auth: 'device',
  summary:
    'How many one-time key packages of this device are left, and whether its last-resort package needs replacing.',
  request: emptySchema,
  response: z.object({ available: z.number().int(), lastResort: z.enum(['missing', 'fresh', 'used']) }),
  errors: [],
})

export const claimKeyPackages = defineOperation({
  name: 'claimKeyPackages',
  service: 'keys',
  method: 'POST',
  path: '/v1/keys/packages/claim',
  auth: 'device',
  summary:
    'Takes one key package of each active device of an account, each given out once; the last-resort package where the pool is empty.',
  request: z.strictObject({ accountId: accountIdSchema }),
  response: z.object({ packages: z.array(claimedPackageSchema) }),
  errors: ['ACCOUNT_NOT_FOUND', 'ACCOUNT_GONE', 'KEYS_PACKAGES_EXHAUSTED', 'RATE_LIMITED'],
})

export const claimManyKeyPackages = defineOperation({
  name: 'claimManyKeyPackages',
  service: 'keys',
  method: 'POST',
  path: '/v1/keys/packages/claim-many',
  auth: 'device',
  summary:
    'The same for several accounts at once, to add them to a group. An account that is gone or has no package left is missing in the answer.',
  request: z.strictObject({ accountIds: accountIdsSchema }),
  response: z.object({
    accounts: z.array(z.object({ accountId: accountIdSchema, packages: z.array(claimedPackageSchema) })),
  }),
  errors: ['RATE_LIMITED'],
})

export const readIdentities = defineOperation({
  name: 'readIdentities',
  service: 'keys',
  method: 'POST',
  path: '/v1/keys/identities',
  auth: 'device',
  summary:
    'The public identities of several accounts. An account that is unknown or gone is missing in the answer.',
  request: z.strictObject({ accountIds: accountIdsSchema }),
  response: z.object({
    identities: z.array(z.object({ accountId: accountIdSchema, identity: identitySchema })),
  }),
  errors: ['RATE_LIMITED'],
})

export const readIdentity = defineOperation({
  name: 'readIdentity',
  service: 'keys',
  method: 'GET',
  path: '/v1/keys/identities/:accountId',
  auth: 'device',
  summary:
    'The public identity of an account: account key, signed device list, device certificates. With `since` also the lists between that version and the newest one, oldest first, where they are not too many.',
  request: z.strictObject({
    accountId: accountIdSchema,
    since: z.coerce.number().int().nonnegative().optional(),
  }),
  response: identitySchema.extend({
    history: z
      .array(bytesSchema({ atMost: LIMITS.deviceListBytes }))
      .max(LIMITS.deviceListHistory)
      .optional(),
  }),
  errors: ['ACCOUNT_NOT_FOUND', 'RATE_LIMITED'],
})
