import { defineRoute } from '../../http/route.ts'
import type { ArchiveService } from '../archive-service.ts'

export const readArchive = defineRoute('readArchive')(
  ({ archive }: { readonly archive: ArchiveService }) =>
    (request, { session }) =>
      archive.read(session, request),
)
