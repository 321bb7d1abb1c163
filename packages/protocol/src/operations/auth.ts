import { z } from 'zod'
import { bytesSchema } from '../bytes-schema.ts'
import { accountIdSchema, deviceIdSchema } from '../ids.ts'
import { defineOperation, emptySchema } from '../operation.ts'
import {
  accountIdsSchema,
  accountSummarySchema,
  displayNameSchema,
  handleSchema,
  identitySchema,
  opaqueMessageSchema,
  timeMsSchema,
  vaultSchema,
} from './fields.ts'

/** Ed25519 public key derived from the recovery phrase; who signs with it may have the vault. */
const recoveryKeySchema = bytesSchema({ exactly: 32 })

/** What a signed-in device holds. The refresh token is in a cookie and never in a body. */
export const sessionSchema = z.object({
  account: accountSummarySchema,
  deviceId: deviceIdSchema,
  accessToken: z.string(),
  accessTokenExpiresAt: timeMsSchema,
})
export type Session = z.infer<typeof sessionSchema>

export const startRegistration = defineOperation({
  name: 'startRegistration',
  service: 'auth',
  method: 'POST',
  path: '/v1/auth/registration/start',
  auth: 'none',
  summary: 'First step of OPAQUE registration (RFC 9807, section 5). Says whether the handle is free.',
  request: z.strictObject({ handle: handleSchema, registrationRequest: opaqueMessageSchema }),
  response: z.object({ registrationResponse: opaqueMessageSchema }),
  errors: ['AUTH_HANDLE_TAKEN', 'AUTH_REGISTRATION_CLOSED', 'RATE_LIMITED'],
})

export const finishRegistration = defineOperation({
  name: 'finishRegistration',
  service: 'auth',
  method: 'POST',
  path: '/v1/auth/registration/finish',
  auth: 'none',
  summary:
    'Creates the account, its identity, its first device and its vault, and signs the device in. Repeating it with the same account id and the same bytes signs in again.',
  request: z.strictObject({
    handle: handleSchema,
    displayName: displayNameSchema,
    accountId: accountIdSchema,
    deviceId: deviceIdSchema,
    registrationRecord: opaqueMessageSchema,
    identity: identitySchema,
    vault: vaultSchema,
    recoveryKey: recoveryKeySchema.optional(),
  }),
  response: sessionSchema,
  errors: ['AUTH_HANDLE_TAKEN', 'AUTH_REGISTRATION_CLOSED', 'KEYS_IDENTITY_INVALID', 'RATE_LIMITED'],
  bodyLimitBytes: 1024 * 1024,
})

export const startLogin = defineOperation({
  name: 'startLogin',
  service: 'auth',
  method: 'POST',
  path: '/v1/auth/login/start',
  auth: 'none',
  summary: 'First step of OPAQUE login. An unknown handle gets an answer of the same shape and timing.',
  request: z.strictObject({ handle: handleSchema, startLoginRequest: opaqueMessageSchema }),
  response: z.object({ loginId: z.string(), loginResponse: opaqueMessageSchema }),
  errors: ['RATE_LIMITED'],
})

/** Proof that the caller knows the password: the end of an OPAQUE login. Good once. */
export const passwordProofSchema = z.strictObject({
  loginId: z.string().min(1).max(64),
  finishLoginRequest: opaqueMessageSchema,
})

export const finishLogin = defineOperation({
  name: 'finishLogin',
  service: 'auth',
  method: 'POST',
  path: '/v1/auth/login/finish',
  auth: 'none',
  summary:
    'Ends the OPAQUE login. A device the account already lists proves its key and is signed in; any other gets the vault and a grant to enrol.',
  request: passwordProofSchema.extend({
    device: z
      .strictObject({
        deviceId: deviceIdSchema,
        proof: bytesSchema({ exactly: 64 }).meta({
          description: 'device signature over "entangle login" and the login id',
        }),
      })
      .optional(),
  }),
  response: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('session'), session: sessionSchema }),
    z.object({
      kind: z.literal('enrol'),
      enrolmentGrant: z.string(),
      account: accountSummarySchema,
      identity: identitySchema,
      vault: vaultSchema,
      /** Of the devices in the list, those that have not given up their place. */
      activeDevices: z.array(deviceIdSchema),
    }),
  ]),
  errors: [
    'AUTH_CREDENTIALS_WRONG',
    'AUTH_DEVICE_LIMIT',
    'AUTH_LOGIN_EXPIRED',
    'AUTH_DEVICE_PROOF_INVALID',
    'RATE_LIMITED',
  ],
})

export const enrolDevice = defineOperation({
  name: 'enrolDevice',
  service: 'auth',
  method: 'POST',
  path: '/v1/auth/devices',
  auth: 'none',
  summary:
    'Registers a new device under a grant of finishLogin, with the next version of the signed device list.',
  request: z.strictObject({
    enrolmentGrant: z.string().min(1).max(128),
    deviceId: deviceIdSchema,
    identity: identitySchema,
  }),
  response: sessionSchema,
  errors: ['AUTH_LOGIN_EXPIRED', 'AUTH_DEVICE_LIMIT', 'KEYS_IDENTITY_INVALID', 'KEYS_LIST_STALE'],
  bodyLimitBytes: 1024 * 1024,
})

export const refreshSession = defineOperation({
  name: 'refreshSession',
  service: 'auth',
  method: 'POST',
  path: '/v1/auth/refresh',
  auth: 'refresh',
  summary:
    'A new access token. The refresh token in the cookie is replaced; using an old one closes the session.',
  request: emptySchema,
  response: sessionSchema,
  errors: ['AUTH_REQUIRED', 'AUTH_DEVICE_UNKNOWN', 'AUTH_REFRESH_REUSED', 'AUTH_TOKEN_INVALID'],
})

export const signOut = defineOperation({
  name: 'signOut',
  service: 'auth',
  method: 'POST',
  path: '/v1/auth/sign-out',
  auth: 'refresh',
  summary:
    'Closes the session. With eraseDevice the device gives up its place, so that the account can sign in elsewhere.',
  request: z.strictObject({ eraseDevice: z.boolean() }),
  response: emptySchema,
  errors: [],
})

export const startPasswordChange = defineOperation({
  name: 'startPasswordChange',
  service: 'auth',
  method: 'POST',
  path: '/v1/auth/password/start',
  auth: 'device',
  summary: 'First step of OPAQUE registration with the new password.',
  request: z.strictObject({ registrationRequest: opaqueMessageSchema }),
  response: z.object({ registrationResponse: opaqueMessageSchema }),
  errors: ['RATE_LIMITED'],
})

export const finishPasswordChange = defineOperation({
  name: 'finishPasswordChange',
  service: 'auth',
  method: 'POST',
  path: '/v1/auth/password/finish',
  auth: 'device',
  summary:
    'Replaces the OPAQUE record and the vault together, under a grant of fetchVault; other sessions end.',
  request: z.strictObject({
    changeGrant: z.string().min(1).max(128),
    registrationRecord: opaqueMessageSchema,
    vault: vaultSchema,
    recoveryKey: recoveryKeySchema.optional(),
  }),
  response: emptySchema,
  errors: ['AUTH_LOGIN_EXPIRED', 'RATE_LIMITED'],
})

export const fetchVault = defineOperation({
  name: 'fetchVault',
  service: 'auth',
  method: 'POST',
  path: '/v1/auth/vault',
  auth: 'device',
  summary: 'The sealed vault and a short grant to change the password, after proof of the present one.',
  request: z.strictObject({ proof: passwordProofSchema }),
  response: z.object({ vault: vaultSchema, changeGrant: z.string() }),
  errors: ['AUTH_CREDENTIALS_WRONG', 'AUTH_LOGIN_EXPIRED', 'RATE_LIMITED'],
})

export const deleteAccount = defineOperation({
  name: 'deleteAccount',
  service: 'auth',
  method: 'POST',
  path: '/v1/auth/account/delete',
  auth: 'device',
  summary: 'Deletes the account for good, after proof of the password. The handle is not given out again.',
  request: z.strictObject({ proof: passwordProofSchema }),
  response: emptySchema,
  errors: ['AUTH_CREDENTIALS_WRONG', 'AUTH_LOGIN_EXPIRED', 'RATE_LIMITED'],
})

export const updateProfile = defineOperation({
  name: 'updateProfile',
  service: 'auth',
  method: 'PATCH',
  path: '/v1/auth/profile',
  auth: 'device',
  summary: 'Changes the display name.',
  request: z.strictObject({ displayName: displayNameSchema }),
  response: accountSummarySchema,
  errors: [],
})

export const findAccount = defineOperation({
  name: 'findAccount',
  service: 'auth',
  method: 'GET',
  path: '/v1/accounts/by-handle/:handle',
  auth: 'device',
  summary: 'Finds a person by the exact handle.',
  request: z.strictObject({ handle: handleSchema }),
  response: accountSummarySchema,
  errors: ['ACCOUNT_NOT_FOUND', 'RATE_LIMITED'],
})

export const readAccount = defineOperation({
  name: 'readAccount',
  service: 'auth',
  method: 'GET',
  path: '/v1/accounts/:accountId',
  auth: 'device',
  summary: 'Handle and display name of an account.',
  request: z.strictObject({ accountId: accountIdSchema }),
  response: accountSummarySchema,
  errors: ['ACCOUNT_NOT_FOUND', 'ACCOUNT_GONE', 'RATE_LIMITED'],
})

export const readAccounts = defineOperation({
  name: 'readAccounts',
  service: 'auth',
  method: 'POST',
  path: '/v1/accounts/read',
  auth: 'device',
  summary:
    'Handles and display names of several accounts. One that is unknown or gone is missing in the answer.',
  request: z.strictObject({ accountIds: accountIdsSchema }),
  response: z.object({ accounts: z.array(accountSummarySchema) }),
  errors: ['RATE_LIMITED'],
})

export const startRecovery = defineOperation({
  name: 'startRecovery',
  service: 'auth',
  method: 'POST',
  path: '/v1/auth/recovery/start',
  auth: 'none',
  summary: 'A challenge to sign with the recovery key. An unknown handle gets one too.',
  request: z.strictObject({ handle: handleSchema }),
  response: z.object({ recoveryId: z.string() }),
  errors: ['RATE_LIMITED'],
})

export const finishRecovery = defineOperation({
  name: 'finishRecovery',
  service: 'auth',
  method: 'POST',
  path: '/v1/auth/recovery/finish',
  auth: 'none',
  summary:
    'Proves the recovery phrase and gets the vault, a grant to enrol a device and one to set a new password.',
  request: z.strictObject({
    recoveryId: z.string().min(1).max(64),
    signature: bytesSchema({ exactly: 64 }).meta({
      description: 'recovery key over "entangle recovery" and the recovery id',
    }),
  }),
  response: z.object({
    enrolmentGrant: z.string(),
    changeGrant: z.string(),
    account: accountSummarySchema,
    identity: identitySchema,
    vault: vaultSchema,
  }),
  errors: ['AUTH_RECOVERY_WRONG', 'AUTH_LOGIN_EXPIRED', 'RATE_LIMITED'],
})

const resetCodeSchema = z.string().min(1).max(128)

export const startReset = defineOperation({
  name: 'startReset',
  service: 'auth',
  method: 'POST',
  path: '/v1/auth/reset/start',
  auth: 'none',
  summary:
    'First step of OPAQUE registration with a new password, under a code that the operator gave. An unknown handle and a wrong code are answered alike.',
  request: z.strictObject({
    handle: handleSchema,
    code: resetCodeSchema,
    registrationRequest: opaqueMessageSchema,
  }),
  response: z.object({ registrationResponse: opaqueMessageSchema, account: accountSummarySchema }),
  errors: ['AUTH_RESET_WRONG', 'RATE_LIMITED'],
})

export const finishReset = defineOperation({
  name: 'finishReset',
  service: 'auth',
  method: 'POST',
  path: '/v1/auth/reset/finish',
  auth: 'none',
  summary:
    'Gives the account a new identity, password and vault, and uses the code up. All earlier devices and sessions end; archive and account state are deleted.',
  request: z.strictObject({
    handle: handleSchema,
    code: resetCodeSchema,
    deviceId: deviceIdSchema,
    registrationRecord: opaqueMessageSchema,
    identity: identitySchema,
    vault: vaultSchema,
    recoveryKey: recoveryKeySchema,
  }),
  response: sessionSchema,
  errors: ['AUTH_RESET_WRONG', 'KEYS_IDENTITY_INVALID', 'RATE_LIMITED'],
  bodyLimitBytes: 1024 * 1024,
})

export const listDevices = defineOperation({
  name: 'listDevices',
  service: 'auth',
  method: 'GET',
  path: '/v1/auth/devices',
  auth: 'device',
  summary:
    'The active devices of the account, and from where each that is signed in was last there. Their names are in the account state, sealed.',
  request: emptySchema,
  response: z.object({
    devices: z.array(
      z.object({
        deviceId: deviceIdSchema,
        enrolledAt: timeMsSchema,
        lastSeenAt: timeMsSchema,
        lastAddress: z.string().max(45).optional(),
        lastClient: z.string().max(64).optional().meta({ description: "such as 'Firefox on Linux'" }),
      }),
    ),
  }),
  errors: [],
})

export const replaceDevices = defineOperation({
  name: 'replaceDevices',
  service: 'auth',
  method: 'POST',
  path: '/v1/auth/devices/replace',
  auth: 'device',
  summary:
    'The next version of the device list and the vault with it, under a grant of fetchVault. A device that the new list lacks is signed out at once.',
  request: z.strictObject({
    changeGrant: z.string().min(1).max(128),
    identity: identitySchema,
    vault: vaultSchema,
  }),
  response: emptySchema,
  errors: ['AUTH_LOGIN_EXPIRED', 'KEYS_IDENTITY_INVALID', 'KEYS_LIST_STALE'],
  bodyLimitBytes: 1024 * 1024,
})
