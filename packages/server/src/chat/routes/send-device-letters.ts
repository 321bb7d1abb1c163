import { defineRoute } from '../../http/route.ts'
import type { LetterService } from '../letter-service.ts'

export const sendDeviceLetters = defineRoute('sendDeviceLetters')(
  ({ letters }: { readonly letters: LetterService }) =>
    async (request, { session }) => {
      await letters.send(session, request)
      return {}
    },
)
