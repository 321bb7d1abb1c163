import { defineRoute } from '../../http/route.ts'
import type { LetterService } from '../letter-service.ts'

export const settleDeviceLetter = defineRoute('settleDeviceLetter')(
  ({ letters }: { readonly letters: LetterService }) =>
    async (request, { session }) => {
      await letters.settle(session, request)
      return {}
    },
)
