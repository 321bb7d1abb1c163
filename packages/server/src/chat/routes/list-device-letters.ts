import { defineRoute } from '../../http/route.ts'
import type { LetterService } from '../letter-service.ts'

export const listDeviceLetters = defineRoute('listDeviceLetters')(
  ({ letters }: { readonly letters: LetterService }) =>
    (_, { session }) =>
      letters.list(session),
)
