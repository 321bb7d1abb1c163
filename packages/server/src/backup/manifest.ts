import { z } from 'zod'

/** The names that a backup's folder holds, apart from the tables. */
export const MANIFEST_FILE = 'manifest.json'
export const SECRETS_FILE = 'secrets.sealed'
export const SERVICES = ['chat', 'users'] as const
export type Service = (typeof SERVICES)[number]

const partSchema = z.object({
  name: z.string(),
  columns: z.array(z.string()).min(1),
  file: z.string().regex(/^[\w.-]+$/),
  rows: z.number().int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
})
export type Part = z.output<typeof partSchema>

const databaseSchema = z.object({
  /** The newest migration that had run. */
  migration: z.string(),
  /** Where the write-ahead log stood when the snapshot was taken. */
  walPosition: z.string(),
  /** In an order in which each refers only to those before it. */
  tables: z.array(partSchema),
})

export const manifestSchema = z.object({
  format: z.literal(1),
  /** Whatever was acknowledged before this moment is in the backup. Milliseconds since 1970, of the server's machine. */
  mark: z.number().int(),
  /** From passphrase and salt comes the key of the secrets. */
  salt: z.string(),
  databases: z.object({ chat: databaseSchema, users: databaseSchema }),
})
export type Manifest = z.output<typeof manifestSchema>
