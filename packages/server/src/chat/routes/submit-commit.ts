import { defineRoute } from '../../http/route.ts'
import type { CommitService } from '../commit-service.ts'

export const submitCommit = defineRoute('submitCommit')(
  ({ commits }: { readonly commits: CommitService }) =>
    (request, { session }) =>
      commits.submit(session, request),
)
