import { type AccountId, accountIdSchema } from '@entangle/protocol'
import { z } from 'zod'
import type { Notice } from '../api/engine-api.ts'

const people = z.array(accountIdSchema)

/** A notice as a device has archived it; one of a kind that a newer version tells is none here. */
export const noticeSchema: z.ZodType<Notice> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('group-created') }),
  z.object({ kind: z.literal('added'), people }),
  z.object({ kind: z.literal('removed'), people }),
  z.object({ kind: z.literal('left') }),
  z.object({ kind: z.literal('joined-by-link') }),
  z.object({ kind: z.literal('renamed'), name: z.string() }),
  z.object({ kind: z.literal('topic-changed'), topic: z.string() }),
  z.object({ kind: z.literal('picture-changed'), removed: z.boolean() }),
  z.object({
    kind: z.literal('role-changed'),
    person: accountIdSchema,
    role: z.enum(['owner', 'admin', 'member']),
  }),
  z.object({ kind: z.literal('links-changed'), open: z.number().int().nonnegative() }),
  z.object({ kind: z.literal('repaired') }),
  z.object({ kind: z.literal('identity-changed'), person: accountIdSchema, signed: z.boolean() }),
])

/** What concerns this device alone; the others have nothing to learn of it. */
export const isOfOneDevice = ({ kind }: Notice): boolean => kind === 'repaired'

/** Whom a notice names, beside who did it. */
export function peopleOf(notice: Notice): readonly AccountId[] {
  switch (notice.kind) {
    case 'added':
    case 'removed':
      return notice.people
    case 'role-changed':
    case 'identity-changed':
      return [notice.person]
    default:
      return []
  }
}
