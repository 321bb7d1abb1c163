import type { ColumnType, Generated, Kysely } from 'kysely'

type Moment = ColumnType<Date, Date | undefined, Date>
type MaybeMoment = ColumnType<Date | null, Date | null | undefined, Date | null>

export type UsersSchema = {
  account: {
    id: Buffer
    handle: string
    display_name: string
    opaque_record: string | null
    recovery_key: ColumnType<Uint8Array | null, Uint8Array | null | undefined, Uint8Array | null>
    created_at: Moment
    deleted_at: MaybeMoment
    chat_told_at: MaybeMoment
  }
  vault: { account_id: Buffer; sealed: Uint8Array; wraps: Uint8Array }
  identity: {
    account_id: Buffer
    account_key: Uint8Array
    version: number
    device_list: Uint8Array
    certificates: Uint8Array
    successions: Generated<Uint8Array>
  }
  reset_code: { account_id: Buffer; hash: Buffer; expires_at: Date; used_at: MaybeMoment }
  device_list: { account_id: Buffer; version: number; list: Uint8Array }
  device: {
    id: Buffer
    account_id: Buffer
    signature_key: Uint8Array
    created_at: Moment
    last_seen_at: Moment
    revoked_at: MaybeMoment
  }
  session: {
    id: Buffer
    account_id: Buffer
    device_id: Buffer
    created_at: Moment
    ended_at: MaybeMoment
    seen: ColumnType<Uint8Array | null, Uint8Array | null | undefined, Uint8Array | null>
  }
  refresh_token: {
    hash: Buffer
    session_id: Buffer
    parent_hash: Buffer | null
    expires_at: Date
    replaced_at: MaybeMoment
  }
  key_package: {
    ref: Uint8Array
    account_id: Buffer
    device_id: Buffer
    key_package: Uint8Array
    expires_at: Date
    stored_at: Generated<Date>
  }
  key_package_spent: { ref: Uint8Array; spent_at: Generated<Date> }
  last_resort_package: {
    device_id: Buffer
    account_id: Buffer
    ref: Uint8Array
    key_package: Uint8Array
    expires_at: Date
    used_at: MaybeMoment
  }
  signing_key: {
    kid: string
    public_jwk: ColumnType<Record<string, unknown>, string, string>
    sealed: Uint8Array
    created_at: Moment
    retired_at: MaybeMoment
  }
  wrapping_key: {
    version: number
    public_key: Uint8Array
    created_at: Moment
    retired_at: MaybeMoment
  }
  data_key: { id: Buffer; wrapping_version: number; wrapped: Uint8Array; created_at: Moment }
}

export type UsersDatabase = Kysely<UsersSchema>
