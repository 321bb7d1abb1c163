import type { EngineRequests } from '../api/engine-api.ts'
import { engineFailure } from '../api/failures.ts'

type GroupRequestName =
  | 'createGroup'
  | 'addMembers'
  | 'removeMember'
  | 'leaveGroup'
  | 'setRole'
  | 'editGroup'
  | 'listMembers'
  | 'listInvites'
  | 'createInvite'
  | 'revokeInvite'
  | 'readInvite'
  | 'joinByInvite'
  | 'forgetGroup'

export type GroupRequests = Pick<EngineRequests, GroupRequestName>

const notYet = async (): Promise<never> => {
  throw engineFailure('ENGINE_REQUEST_UNKNOWN')
}

/** What a person asks of groups. */
export const createGroupRequests = (): GroupRequests => ({
  createGroup: notYet,
  addMembers: notYet,
  removeMember: notYet,
  leaveGroup: notYet,
  setRole: notYet,
  editGroup: notYet,
  listMembers: notYet,
  listInvites: notYet,
  createInvite: notYet,
  revokeInvite: notYet,
  readInvite: notYet,
  joinByInvite: notYet,
  forgetGroup: notYet,
})
