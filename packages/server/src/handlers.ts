import type { AccountService } from './auth/account-service.ts'
import type { DeviceService } from './auth/device-service.ts'
import type { LoginService } from './auth/login-service.ts'
import type { PasswordProofs } from './auth/password-proofs.ts'
import type { RecoveryService } from './auth/recovery-service.ts'
import type { RegistrationService } from './auth/registration-service.ts'
import type { ResetService } from './auth/reset-service.ts'
import { deleteAccount } from './auth/routes/delete-account.ts'
import { enrolDevice } from './auth/routes/enrol-device.ts'
import { fetchVault } from './auth/routes/fetch-vault.ts'
import { findAccount } from './auth/routes/find-account.ts'
import { finishLogin } from './auth/routes/finish-login.ts'
import { finishPasswordChange } from './auth/routes/finish-password-change.ts'
import { finishRecovery } from './auth/routes/finish-recovery.ts'
import { finishRegistration } from './auth/routes/finish-registration.ts'
import { finishReset } from './auth/routes/finish-reset.ts'
import { listDevices } from './auth/routes/list-devices.ts'
import { readAccount } from './auth/routes/read-account.ts'
import { readAccounts } from './auth/routes/read-accounts.ts'
import { refreshSession } from './auth/routes/refresh-session.ts'
import { replaceDevices } from './auth/routes/replace-devices.ts'
import { signOut } from './auth/routes/sign-out.ts'
import { startLogin } from './auth/routes/start-login.ts'
import { startPasswordChange } from './auth/routes/start-password-change.ts'
import { startRecovery } from './auth/routes/start-recovery.ts'
import { startRegistration } from './auth/routes/start-registration.ts'
import { startReset } from './auth/routes/start-reset.ts'
import { updateProfile } from './auth/routes/update-profile.ts'
import type { SessionService } from './auth/session-service.ts'
import type { AccountStateService } from './chat/account-state-service.ts'
import type { ArchiveService } from './chat/archive-service.ts'
import type { CommitService } from './chat/commit-service.ts'
import type { ConversationService } from './chat/conversation-service.ts'
import type { InviteService } from './chat/invite-service.ts'
import type { LeaveService } from './chat/leave-service.ts'
import type { LetterService } from './chat/letter-service.ts'
import type { LogService } from './chat/log-service.ts'
import { createConversation } from './chat/routes/create-conversation.ts'
import { issueTicket } from './chat/routes/issue-ticket.ts'
import { leaveConversation } from './chat/routes/leave-conversation.ts'
import { listConversations } from './chat/routes/list-conversations.ts'
import { listDeviceLetters } from './chat/routes/list-device-letters.ts'
import { listWelcomes } from './chat/routes/list-welcomes.ts'
import { readAccountState } from './chat/routes/read-account-state.ts'
import { readArchive } from './chat/routes/read-archive.ts'
import { readEvents } from './chat/routes/read-events.ts'
import { readGroupInfo } from './chat/routes/read-group-info.ts'
import { readInvite } from './chat/routes/read-invite.ts'
import { readTree } from './chat/routes/read-tree.ts'
import { sendDeviceLetters } from './chat/routes/send-device-letters.ts'
import { settleDeviceLetter } from './chat/routes/settle-device-letter.ts'
import { settleWelcome } from './chat/routes/settle-welcome.ts'
import { submitCommit } from './chat/routes/submit-commit.ts'
import { writeAccountState } from './chat/routes/write-account-state.ts'
import { writeArchive } from './chat/routes/write-archive.ts'
import { writeInvite } from './chat/routes/write-invite.ts'
import type { Tickets } from './chat/tickets.ts'
import type { UsersDatabase } from './database/users-schema.ts'
import type { Handlers } from './http/route.ts'
import type { KeyPackageService } from './keys/key-package-service.ts'
import { claimKeyPackages } from './keys/routes/claim-key-packages.ts'
import { claimManyKeyPackages } from './keys/routes/claim-many-key-packages.ts'
import { keyPackageStatus } from './keys/routes/key-package-status.ts'
import { publishKeyPackages } from './keys/routes/publish-key-packages.ts'
import { readIdentities } from './keys/routes/read-identities.ts'
import { readIdentity } from './keys/routes/read-identity.ts'

export type Services = {
  readonly database: UsersDatabase
  readonly registration: RegistrationService
  readonly proofs: PasswordProofs
  readonly login: LoginService
  readonly sessions: SessionService
  readonly accounts: AccountService
  readonly keyPackages: KeyPackageService
  readonly conversations: ConversationService
  readonly commits: CommitService
  readonly leaving: LeaveService
  readonly invites: InviteService
  readonly logService: LogService
  readonly tickets: Tickets
  readonly recovery: RecoveryService
  readonly reset: ResetService
  readonly devices: DeviceService
  readonly archive: ArchiveService
  readonly accountState: AccountStateService
  readonly letters: LetterService
}

/** Which function answers which operation. */
export function createHandlers(services: Services): Handlers {
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
    publishKeyPackages: publishKeyPackages(services),
    keyPackageStatus: keyPackageStatus(services),
    claimKeyPackages: claimKeyPackages(services),
    claimManyKeyPackages: claimManyKeyPackages(services),
    readIdentity: readIdentity(services),
    readIdentities: readIdentities(services),
    createConversation: createConversation(services),
    listConversations: listConversations(services),
    submitCommit: submitCommit(services),
    leaveConversation: leaveConversation(services),
    writeInvite: writeInvite(services),
    readInvite: readInvite(services),
    readEvents: readEvents(services),
    readGroupInfo: readGroupInfo(services),
    listWelcomes: listWelcomes(services),
    readTree: readTree(services),
    settleWelcome: settleWelcome(services),
    issueTicket: issueTicket(services),
    readAccountState: readAccountState(services),
    writeAccountState: writeAccountState(services),
    readArchive: readArchive(services),
    writeArchive: writeArchive(services),
    sendDeviceLetters: sendDeviceLetters(services),
    listDeviceLetters: listDeviceLetters(services),
    settleDeviceLetter: settleDeviceLetter(services),
    replaceDevices: replaceDevices(services),
    listDevices: listDevices(services),
    finishRecovery: finishRecovery(services),
    startRecovery: startRecovery(services),
    startReset: startReset(services),
    finishReset: finishReset(services),
  }
}
