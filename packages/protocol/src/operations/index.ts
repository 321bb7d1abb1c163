import * as archive from './archive.ts'
import * as auth from './auth.ts'
import * as chat from './chat.ts'
import * as keys from './keys.ts'

/** Every HTTP operation, by name. What is not here does not exist. */
export const OPERATIONS = {
  startRegistration: auth.startRegistration,
  finishRegistration: auth.finishRegistration,
  startLogin: auth.startLogin,
  finishLogin: auth.finishLogin,
  enrolDevice: auth.enrolDevice,
  refreshSession: auth.refreshSession,
  signOut: auth.signOut,
  startPasswordChange: auth.startPasswordChange,
  finishPasswordChange: auth.finishPasswordChange,
  fetchVault: auth.fetchVault,
  deleteAccount: auth.deleteAccount,
  updateProfile: auth.updateProfile,
  findAccount: auth.findAccount,
  readAccount: auth.readAccount,
  readAccounts: auth.readAccounts,
  startRecovery: auth.startRecovery,
  finishRecovery: auth.finishRecovery,
  startReset: auth.startReset,
  finishReset: auth.finishReset,
  listDevices: auth.listDevices,
  replaceDevices: auth.replaceDevices,
  publishKeyPackages: keys.publishKeyPackages,
  keyPackageStatus: keys.keyPackageStatus,
  claimKeyPackages: keys.claimKeyPackages,
  claimManyKeyPackages: keys.claimManyKeyPackages,
  readIdentity: keys.readIdentity,
  readIdentities: keys.readIdentities,
  createConversation: chat.createConversation,
  listConversations: chat.listConversations,
  readEvents: chat.readEvents,
  submitCommit: chat.submitCommit,
  leaveConversation: chat.leaveConversation,
  writeInvite: chat.writeInvite,
  readInvite: chat.readInvite,
  readGroupInfo: chat.readGroupInfo,
  listWelcomes: chat.listWelcomes,
  readTree: chat.readTree,
  settleWelcome: chat.settleWelcome,
  issueTicket: chat.issueTicket,
  writeArchive: archive.writeArchive,
  readArchive: archive.readArchive,
  sendDeviceLetters: archive.sendDeviceLetters,
  listDeviceLetters: archive.listDeviceLetters,
  settleDeviceLetter: archive.settleDeviceLetter,
  writeAccountState: archive.writeAccountState,
  readAccountState: archive.readAccountState,
} as const

export type Operations = typeof OPERATIONS
export type OperationName = keyof Operations
