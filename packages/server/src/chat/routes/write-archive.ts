import { defineRoute } from '../../http/route.ts'
import type { ArchiveService } from '../archive-service.ts'

export const writeArchive = defineRoute('writeArchive')(
  ({ archive }: { readonly archive: ArchiveService }) =>
    async (request, { session }) => {
      await archive.write(session, request)
      return {}
    },
)
