import type { Generated, Kysely } from 'kysely'

export type ChatSchema = {
  conversation: {
    id: Buffer
    kind: number
    epoch: number
    last_seq: Generated<number>
    min_seq: Generated<number>
    /** Messages of earlier epochs are refused: somebody who was put out could still open them. */
    min_epoch: Generated<number>
    peer_gone: Generated<boolean>
    /** The place of the last event that changed what messages are judged by. */
    changed_seq: Generated<number>
    creator: Buffer
  }
  direct_pair: { low: Buffer; high: Buffer; conversation_id: Buffer }
  conversation_group: { conversation_id: Buffer; group_info: Uint8Array; group_data: Uint8Array | null }
  public_group_entry: { conversation_id: Buffer; key: string; value: Uint8Array }
  ratchet_tree: { conversation_id: Buffer; epoch: number; tree: Uint8Array; snapshot: Uint8Array | null }
  invite: { invite_id: Buffer; conversation_id: Buffer; sealed: Uint8Array }
  leaving: { conversation_id: Buffer; account_id: Buffer; epoch: number; seq: number }
  conversation_member: {
    conversation_id: Buffer
    device_id: Buffer
    account_id: Buffer
    joined_seq: number
    left_seq: number | null
  }
  message: {
    conversation_id: Buffer
    seq: number
    epoch: number
    server_time: number
    kind: number
    message_id: Buffer
    sender_device: Buffer
    body: Uint8Array
  }
  commit_log: {
    conversation_id: Buffer
    epoch: number
    seq: number
    message_id: Buffer
    sender_device: Buffer
  }
  epoch_refusal: {
    conversation_id: Buffer
    sender_device: Buffer
    message_id: Buffer
    digest: Uint8Array
    current_epoch: number
    refused_at: Generated<Date>
  }
  device_counter: { device_id: Buffer; counter: number }
  device_cursor: { conversation_id: Buffer; device_id: Buffer; seq: number }
  receipt: {
    conversation_id: Buffer
    device_id: Buffer
    account_id: Buffer
    epoch: number
    body: Uint8Array
  }
  welcome: {
    device_id: Buffer
    conversation_id: Buffer
    epoch: number
    joined_seq: number
    welcome: Uint8Array
    created_at: Generated<Date>
  }
  account_store: {
    account_id: Buffer
    archive_bytes: Generated<number>
    state_entries: Generated<number>
    state_revision: Generated<number>
  }
  archive_record: {
    account_id: Buffer
    conversation_id: Buffer
    seq: number
    message_id: Buffer
    key_version: number
    sealed: Uint8Array
  }
  account_state: {
    account_id: Buffer
    key: Uint8Array
    stamp: number
    device_id: Buffer
    revision: number
    sealed: Uint8Array
  }
  device_letter: { id: Generated<number>; account_id: Buffer; device_id: Buffer; letter: Uint8Array }
  gone_account: { account_id: Buffer; gone_at: Generated<Date> }
}

export type ChatDatabase = Kysely<ChatSchema>
