import type { UsersDatabase } from '../database/users-schema.ts'
import type { Handlers } from '../http/route.ts'
import type { AccountService } from './account-service.ts'
import type { DeviceService } from './device-service.ts'
import type { LoginService } from './login-service.ts'
import type { PasswordProofs } from './password-proofs.ts'
import type { RecoveryService } from './recovery-service.ts'
import type { RegistrationService } from './registration-service.ts'
import type { ResetService } from './reset-service.ts'
import { deleteAccount } from './routes/delete-account.ts'
import { enrolDevice } from './routes/enrol-device.ts'
import { fetchVault } from './routes/fetch-vault.ts'
import { findAccount } from './routes/find-account.ts'
import { finishLogin } from './routes/finish-login.ts'
import { finishPasswordChange } from './routes/finish-password-change.ts'
import { finishRecovery } from './routes/finish-recovery.ts'
import { finishRegistration } from './routes/finish-registration.ts'
import { finishReset } from './routes/finish-reset.ts'
import { listDevices } from './routes/list-devices.ts'
import { readAccount } from './routes/read-account.ts'
import { readAccounts } from './routes/read-accounts.ts'
import { refreshSession } from './routes/refresh-session.ts'
import { replaceDevices } from './routes/replace-devices.ts'
import { signOut } from './routes/sign-out.ts'
import { startLogin } from './routes/start-login.ts'
import { startPasswordChange } from './routes/start-password-change.ts'
import { startRecovery } from './routes/start-recovery.ts'
import { startRegistration } from './routes/start-registration.ts'
import { startReset } from './routes/start-reset.ts'
import { updateProfile } from './routes/update-profile.ts'
import type { SessionService } from './session-service.ts'

export type AuthServices = {
  readonly database: UsersDatabase
  readonly registration: RegistrationService
  readonly proofs: PasswordProofs
  readonly login: LoginService
  readonly sessions: SessionService
  readonly accounts: AccountService
  readonly recovery: RecoveryService
  readonly reset: ResetService
  readonly devices: DeviceService
}

/** Which function answers which operation of this service. */
export function createAuthHandlers(services: AuthServices) {
  return {
    startRegistration: startRegistration(services),
    finishRegistration: finishRegistration(services),
    startLogin: startLogin(services),
    finishLogin: finishLogin(services),
    enrolDevice: enrolDevice(services),
    refreshSession: refreshSession(services),
    signOut: signOut(services),
    startPasswordChange: startPasswordChange(services),
    finishPasswordChange: finishPasswordChange(services),
    fetchVault: fetchVault(services),
    deleteAccount: deleteAccount(services),
    updateProfile: updateProfile(services),
    findAccount: findAccount(services),
    readAccount: readAccount(services),
    readAccounts: readAccounts(services),
    replaceDevices: replaceDevices(services),
    listDevices: listDevices(services),
    finishRecovery: finishRecovery(services),
    startRecovery: startRecovery(services),
    startReset: startReset(services),
    finishReset: finishReset(services),
  } satisfies Partial<Handlers>
}
