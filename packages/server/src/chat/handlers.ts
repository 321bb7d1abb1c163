import type { Handlers } from '../http/route.ts'
import type { AccountStateService } from './account-state-service.ts'
import type { ArchiveService } from './archive-service.ts'
import type { CommitService } from './commit-service.ts'
import type { ConversationService } from './conversation-service.ts'
import type { InviteService } from './invite-service.ts'
import type { LeaveService } from './leave-service.ts'
import type { LetterService } from './letter-service.ts'
import type { LogService } from './log-service.ts'
import { createConversation } from './routes/create-conversation.ts'
import { issueTicket } from './routes/issue-ticket.ts'
import { leaveConversation } from './routes/leave-conversation.ts'
import { listConversations } from './routes/list-conversations.ts'
import { listDeviceLetters } from './routes/list-device-letters.ts'
import { listWelcomes } from './routes/list-welcomes.ts'
import { readAccountState } from './routes/read-account-state.ts'
import { readArchive } from './routes/read-archive.ts'
import { readEvents } from './routes/read-events.ts'
import { readGroupInfo } from './routes/read-group-info.ts'
import { readInvite } from './routes/read-invite.ts'
import { readTree } from './routes/read-tree.ts'
import { sendDeviceLetters } from './routes/send-device-letters.ts'
import { settleDeviceLetter } from './routes/settle-device-letter.ts'
import { settleWelcome } from './routes/settle-welcome.ts'
import { submitCommit } from './routes/submit-commit.ts'
import { writeAccountState } from './routes/write-account-state.ts'
import { writeArchive } from './routes/write-archive.ts'
import { writeInvite } from './routes/write-invite.ts'
import type { Tickets } from './tickets.ts'

export type ChatServices = {
  readonly conversations: ConversationService
  readonly commits: CommitService
  readonly leaving: LeaveService
  readonly invites: InviteService
  readonly logService: LogService
  readonly tickets: Tickets
  readonly archive: ArchiveService
  readonly accountState: AccountStateService
  readonly letters: LetterService
}

/** Which function answers which operation of this service. */
export function createChatHandlers(services: ChatServices) {
  return {
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
  } satisfies Partial<Handlers>
}
