import type { ChatId, EngineRequests, TimelineRow } from '@entangle/client'
import type { Life } from '../devices/life.ts'
import type { Play } from '../play/play.ts'
import { calm } from '../play/quiescence.ts'
import { type Present, presentIn } from './presence.ts'
import { accountsIn, chatIdOf, type Truth } from './truth.ts'

/** What somebody sees of a conversation who scrolls up to its beginning. */
export type View = {
  readonly present: Present
  readonly truth: Truth
  readonly chatId: ChatId
  readonly rows: readonly TimelineRow[]
  /** Of a group, as its members see each other. */
  readonly members: Awaited<ReturnType<EngineRequests['listMembers']>>
}

async function readRows(life: Life, chatId: ChatId): Promise<readonly TimelineRow[]> {
  await life.request('openTimeline', { chatId, at: 'latest' })
  for (;;) {
    const window = await life.request('extendTimeline', { chatId, direction: 'older', count: 300 })
    if (window.hasOlder) continue
    await life.request('closeTimeline', { chatId })
    return window.rows
  }
}

/** Everybody looks at everything that they have. */
export async function lookAround(play: Play, truths: readonly Truth[]): Promise<View[]> {
  const views: View[] = []
  for (const present of presentIn(play)) {
    const { actor, life } = present
    for (const truth of truths) {
      const chatId = chatIdOf(truth, actor.person.accountId)
      if (chatId === undefined || !life.knows(chatId)) continue
      const isMember = accountsIn(truth).has(actor.person.accountId)
      play.ask(
        actor,
        `look at ${chatId}`,
        async () => ({
          rows: await readRows(life, chatId),
          members: truth.kind === 'group' && isMember ? await life.request('listMembers', { chatId }) : [],
        }),
        seen => views.push({ present, truth, chatId, ...seen }),
      )
    }
  }
  await calm(play, () => !play.isAsking())
  return views
}
