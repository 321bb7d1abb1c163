//! Keyed state: a base of accepted entries, changes in flight to the host's store, and an overlay on top.
//!
//! Keys are short ASCII strings with a scope (`g/<group id>/…`, `k/`, `s/`, `e/`, `p/`). Values are
//! MessagePack with byte strings. A value over 8 KiB is cut where its content says so and kept in parts,
//! so that a change in the middle of a big secret tree dirties one part and the index of parts.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet};

use openmls_traits::storage::{traits, StorageProvider, CURRENT_VERSION};
use serde::{de::DeserializeOwned, Serialize};
use serde_bytes::ByteBuf;
use sha2::{Digest, Sha256};

use crate::encode::{encode_in_segments, Segment};

const INLINE: u8 = 0;
/// Then the ids of the parts.
const PARTS: u8 = 1;
/// Then for each segment: the past epoch whose member list it is (or none), how many parts, their ids.
const SEGMENTS: u8 = 2;
const NO_EPOCH: u64 = u64::MAX;
const INLINE_LIMIT: usize = 8 * 1024;
const PART_MIN: usize = 1024;
const PART_MAX: usize = 8 * 1024;
/// A cut falls on average every 2 KiB after the minimum.
const CUT_MASK: u32 = 0x7ff << 21;

pub type Entry = Option<Vec<u8>>;

#[derive(Debug)]
pub enum StorageError {
    Encode,
    Decode,
    Key,
}

impl core::fmt::Display for StorageError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::error::Error for StorageError {}

type Result<T> = core::result::Result<T, StorageError>;

#[derive(Default)]
struct Layers {
    base: BTreeMap<String, Vec<u8>>,
    in_flight: HashMap<String, Entry>,
    overlay: HashMap<String, Entry>,
    /// What the overlay held before the running operation, so that a failed one leaves no trace.
    journal: Option<Vec<(String, Option<Entry>)>>,
}

impl Layers {
    fn get(&self, key: &str) -> Option<&[u8]> {
        match self.overlay.get(key).or_else(|| self.in_flight.get(key)) {
            Some(entry) => entry.as_deref(),
            None => self.base.get(key).map(Vec::as_slice),
        }
    }

    fn set(&mut self, key: &str, entry: Entry) {
        if self.get(key) == entry.as_deref() {
            return;
        }
        let before = self.overlay.insert(key.to_owned(), entry);
        if let Some(journal) = &mut self.journal {
            journal.push((key.to_owned(), before));
        }
    }

    fn keys_with(&self, prefix: &str) -> Vec<String> {
        let base = self.base.range(prefix.to_owned()..).map(|(key, _)| key).take_while(|key| key.starts_with(prefix));
        let layered = self.overlay.keys().chain(self.in_flight.keys()).filter(|key| key.starts_with(prefix));
        let mut keys: Vec<String> = base.chain(layered).cloned().collect();
        keys.sort_unstable();
        keys.dedup();
        keys.retain(|key| self.get(key).is_some());
        keys
    }
}

#[derive(Default)]
pub struct Store(RefCell<Layers>);

impl Store {
    pub fn load(&self, key: String, value: Vec<u8>) {
        self.0.borrow_mut().base.insert(key, value);
    }

    pub fn begin(&self) {
        self.0.borrow_mut().journal = Some(Vec::new());
    }

    pub fn commit(&self) {
        self.0.borrow_mut().journal = None;
    }

    pub fn rollback(&self) {
        let layers = &mut *self.0.borrow_mut();
        for (key, before) in layers.journal.take().unwrap_or_default().into_iter().rev() {
            match before {
                Some(entry) => layers.overlay.insert(key, entry),
                None => layers.overlay.remove(&key),
            };
        }
    }

    /// Everything not yet accepted, without entries that equal the base and were not handed out.
    pub fn take_changes(&self) -> Vec<(String, Entry)> {
        let layers = &mut *self.0.borrow_mut();
        for (key, entry) in layers.overlay.drain() {
            // What was handed out before may be stored already: it is undone explicitly.
            if layers.in_flight.contains_key(&key) || layers.base.get(&key) != entry.as_ref() {
                layers.in_flight.insert(key, entry);
            }
        }
        let mut changes: Vec<_> = layers.in_flight.iter().map(|(key, entry)| (key.clone(), entry.clone())).collect();
        changes.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        changes
    }

    pub fn accept(&self) {
        let layers = &mut *self.0.borrow_mut();
        for (key, entry) in layers.in_flight.drain() {
            match entry {
                Some(value) => layers.base.insert(key, value),
                None => layers.base.remove(&key),
            };
        }
    }

    pub fn discard(&self) {
        let layers = &mut *self.0.borrow_mut();
        layers.in_flight.clear();
        layers.overlay.clear();
        layers.journal = None;
    }

    /// Forgets accepted entries in memory. False when changes under the prefix are outstanding.
    pub fn unload(&self, prefix: &str) -> bool {
        let layers = &mut *self.0.borrow_mut();
        if layers.overlay.keys().chain(layers.in_flight.keys()).any(|key| key.starts_with(prefix)) {
            return false;
        }
        layers.base.retain(|key, _| !key.starts_with(prefix));
        true
    }

    pub fn keys_with(&self, prefix: &str) -> Vec<String> {
        self.0.borrow().keys_with(prefix)
    }

    pub fn delete_with(&self, prefix: &str) {
        for key in self.keys_with(prefix) {
            self.0.borrow_mut().set(&key, None);
        }
    }

    fn stored_segments(&self, key: &str) -> Vec<StoredSegment> {
        match self.0.borrow().get(key) {
            Some([PARTS, ids @ ..]) => vec![StoredSegment { epoch: NO_EPOCH, ids: ids_in(ids) }],
            Some([SEGMENTS, rest @ ..]) => segments_in(rest),
            _ => Vec::new(),
        }
    }

    fn part_ids(&self, key: &str) -> Vec<u32> {
        self.stored_segments(key).into_iter().flat_map(|segment| segment.ids).collect()
    }

    /// Cuts a value and finds each part among those that are stored, else gives it a new id.
    fn place(&self, key: &str, value: &[u8], among: &[u32], next: &mut u32) -> Vec<u32> {
        let mut fresh = Vec::new();
        let ids = {
            let layers = self.0.borrow();
            let known: HashMap<&[u8], u32> = among
                .iter()
                .filter_map(|id| layers.get(&part_key(key, *id)).map(|bytes| (bytes, *id)))
                .collect();
            let id_of = |part| {
                known.get(part).copied().unwrap_or_else(|| {
                    fresh.push((*next, part));
                    *next = next.wrapping_add(1);
                    next.wrapping_sub(1)
                })
            };
            cut(value).into_iter().map(id_of).collect()
        };
        for (id, part) in fresh {
            self.0.borrow_mut().set(&part_key(key, id), Some(part.to_vec()));
        }
        ids
    }

    /// Stores the index of a value and drops the parts it no longer names.
    fn put_index(&self, key: &str, index: Vec<u8>, old_ids: &[u32], kept: &[u32]) {
        let kept: HashSet<u32> = kept.iter().copied().collect();
        self.0.borrow_mut().set(key, Some(index));
        for id in old_ids.iter().filter(|id| !kept.contains(id)) {
            self.0.borrow_mut().set(&part_key(key, *id), None);
        }
    }

    fn write(&self, key: &str, value: &[u8]) {
        let old_ids = self.part_ids(key);
        if value.len() <= INLINE_LIMIT {
            return self.put_index(key, [&[INLINE], value].concat(), &old_ids, &[]);
        }
        let ids = self.place(key, value, &old_ids, &mut next_id(&old_ids));
        let mut index = vec![PARTS];
        for id in &ids {
            index.extend_from_slice(&id.to_le_bytes());
        }
        self.put_index(key, index, &old_ids, &ids);
    }

    /// Like `write`, for a value whose unchanged segments are not even encoded again.
    fn write_in_segments<T: Serialize + ?Sized>(&self, key: &str, value: &T) -> Result<()> {
        let stored = self.stored_segments(key);
        let find = |epoch: u64| stored.iter().find(|segment| segment.epoch == epoch && epoch != NO_EPOCH);
        let segments = encode_in_segments(value, &|epoch| find(epoch).is_some())?;
        let whole: Option<Vec<&[u8]>> = segments.iter().map(Segment::bytes).collect();
        if let Some(whole) = whole.filter(|parts| parts.iter().map(|part| part.len()).sum::<usize>() <= INLINE_LIMIT) {
            self.write(key, &whole.concat());
            return Ok(());
        }
        let old_ids = self.part_ids(key);
        let plain_ids: Vec<u32> =
            stored.iter().filter(|segment| segment.epoch == NO_EPOCH).flat_map(|segment| segment.ids.clone()).collect();
        let (mut next, mut index, mut kept) = (next_id(&old_ids), vec![SEGMENTS], Vec::new());
        for segment in &segments {
            let (epoch, ids) = match segment {
                Segment::Plain(bytes) => (NO_EPOCH, self.place(key, bytes, &plain_ids, &mut next)),
                // The lists of two epochs have most of their parts in common.
                Segment::Leaves(epoch, Some(bytes)) => (*epoch, self.place(key, bytes, &old_ids, &mut next)),
                Segment::Leaves(epoch, None) => (*epoch, find(*epoch).ok_or(StorageError::Encode)?.ids.clone()),
            };
            index.extend_from_slice(&epoch.to_le_bytes());
            index.extend_from_slice(&(ids.len() as u32).to_le_bytes());
            for id in &ids {
                index.extend_from_slice(&id.to_le_bytes());
            }
            kept.extend(ids);
        }
        self.put_index(key, index, &old_ids, &kept);
        Ok(())
    }

    fn read(&self, key: &str) -> Result<Entry> {
        let ids = self.part_ids(key);
        let layers = self.0.borrow();
        match layers.get(key) {
            None => Ok(None),
            Some([INLINE, value @ ..]) => Ok(Some(value.to_vec())),
            Some([PARTS | SEGMENTS, ..]) => {
                let mut value = Vec::new();
                for id in ids {
                    value.extend_from_slice(layers.get(&part_key(key, id)).ok_or(StorageError::Decode)?);
                }
                Ok(Some(value))
            }
            Some(_) => Err(StorageError::Decode),
        }
    }

    fn delete(&self, key: &str) -> Result<()> {
        let ids = self.part_ids(key);
        let mut layers = self.0.borrow_mut();
        for id in ids {
            layers.set(&part_key(key, id), None);
        }
        layers.set(key, None);
        Ok(())
    }

    fn put<T: Serialize + ?Sized>(&self, key: &str, value: &T) -> Result<()> {
        self.write(key, &encode(value)?);
        Ok(())
    }

    fn fetch<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>> {
        self.read(key)?.map(|bytes| decode(&bytes)).transpose()
    }

    fn list(&self, key: &str) -> Result<Vec<(ByteBuf, ByteBuf)>> {
        Ok(self.fetch(key)?.unwrap_or_default())
    }

    fn put_list(&self, key: &str, list: &[(ByteBuf, ByteBuf)]) -> Result<()> {
        if list.is_empty() {
            return self.delete(key);
        }
        self.put(key, list)
    }
}

struct StoredSegment {
    /// `NO_EPOCH` for all that is no member list.
    epoch: u64,
    ids: Vec<u32>,
}

fn ids_in(bytes: &[u8]) -> Vec<u32> {
    bytes.chunks_exact(4).map(|id| u32::from_le_bytes([id[0], id[1], id[2], id[3]])).collect()
}

/// An index that does not fit its own counts gives fewer parts, and then the value does not decode.
fn segments_in(mut index: &[u8]) -> Vec<StoredSegment> {
    let mut segments = Vec::new();
    while let Some((head, rest)) = index.split_first_chunk::<12>() {
        let (epoch, count) = head.split_at(8);
        let epoch = u64::from_le_bytes(epoch.try_into().unwrap_or_default());
        let count = u32::from_le_bytes(count.try_into().unwrap_or_default()) as usize;
        let Some((ids, rest)) = rest.split_at_checked(count.saturating_mul(4)) else { break };
        segments.push(StoredSegment { epoch, ids: ids_in(ids) });
        index = rest;
    }
    segments
}

fn next_id(ids: &[u32]) -> u32 {
    ids.iter().max().map_or(0, |id| id.wrapping_add(1))
}

fn part_key(key: &str, id: u32) -> String {
    format!("{key}/part/{id:08x}")
}

/// Content-defined cuts (a gear hash over the last bytes), so that an insertion moves no later cut.
fn cut(value: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::with_capacity(value.len() / PART_MIN);
    let (mut start, mut hash) = (0, 0u32);
    for (at, byte) in value.iter().enumerate() {
        let gear = (u32::from(*byte) + 1).wrapping_mul(0x9e37_79b1);
        hash = (hash << 1).wrapping_add(gear ^ (gear >> 15));
        let length = at + 1 - start;
        if length >= PART_MAX || (length >= PART_MIN && hash & CUT_MASK == 0) {
            parts.push(&value[start..=at]);
            (start, hash) = (at + 1, 0);
        }
    }
    if start < value.len() {
        parts.push(&value[start..]);
    }
    parts
}

fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut serializer =
        rmp_serde::Serializer::new(&mut bytes).with_bytes(rmp_serde::config::BytesMode::ForceAll);
    value.serialize(&mut serializer).map_err(|_| StorageError::Encode)?;
    Ok(bytes)
}

fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    rmp_serde::from_slice(bytes).map_err(|_| StorageError::Decode)
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes inside a key that is a newtype around one byte string, as group ids and references are.
fn inner(key: &impl Serialize) -> Result<Vec<u8>> {
    let bytes = encode(key)?;
    let mut rest = bytes.as_slice();
    while let [0x91, tail @ ..] = rest {
        rest = tail;
    }
    match rest {
        [0xc4, _, content @ ..] | [0xc5, _, _, content @ ..] => Ok(content.to_vec()),
        _ => Err(StorageError::Key),
    }
}

fn hashed(scope: &str, key: &impl Serialize) -> Result<String> {
    Ok(format!("{scope}/{}", hex(&Sha256::digest(encode(key)?)[..16])))
}

fn named(scope: &str, key: &impl Serialize) -> Result<String> {
    Ok(format!("{scope}/{}", hex(&inner(key)?)))
}

pub fn group_prefix(group_id: &[u8]) -> String {
    format!("g/{}/", hex(group_id))
}

fn of_group(group_id: &impl Serialize, name: &str) -> Result<String> {
    Ok(group_prefix(&inner(group_id)?) + name)
}

fn epoch_key(group_id: &impl Serialize, epoch: &impl Serialize, leaf: u32) -> Result<String> {
    of_group(group_id, &format!("keys/{}-{leaf:x}", hex(&encode(epoch)?)))
}

type G<'a, T> = &'a T;

macro_rules! group_values {
    ($($write:ident $read:ident $delete:ident $key:literal $type:ident;)*) => {$(
        fn $write<GroupId: traits::GroupId<CURRENT_VERSION>, T: traits::$type<CURRENT_VERSION>>(
            &self, group_id: G<GroupId>, value: &T,
        ) -> Result<()> {
            self.put(&of_group(group_id, $key)?, value)
        }
        fn $read<GroupId: traits::GroupId<CURRENT_VERSION>, T: traits::$type<CURRENT_VERSION>>(
            &self, group_id: G<GroupId>,
        ) -> Result<Option<T>> {
            self.fetch(&of_group(group_id, $key)?)
        }
        fn $delete<GroupId: traits::GroupId<CURRENT_VERSION>>(&self, group_id: G<GroupId>) -> Result<()> {
            self.delete(&of_group(group_id, $key)?)
        }
    )*};
}

const V: u16 = CURRENT_VERSION;

impl StorageProvider<CURRENT_VERSION> for Store {
    type Error = StorageError;

    group_values! {
        write_mls_join_config mls_group_join_config delete_group_config "config" MlsGroupJoinConfig;
        write_tree tree delete_tree "tree" TreeSync;
        write_confirmation_tag confirmation_tag delete_confirmation_tag "tag" ConfirmationTag;
        write_context group_context delete_context "context" GroupContext;
        write_interim_transcript_hash interim_transcript_hash delete_interim_transcript_hash "transcript" InterimTranscriptHash;
        write_resumption_psk_store resumption_psk_store delete_all_resumption_psk_secrets "resumption" ResumptionPskStore;
        write_own_leaf_index own_leaf_index delete_own_leaf_index "leaf" LeafNodeIndex;
        write_group_epoch_secrets group_epoch_secrets delete_group_epoch_secrets "epoch" GroupEpochSecrets;
    }

    fn write_message_secrets<I: traits::GroupId<V>, T: traits::MessageSecrets<V>>(&self, id: &I, value: &T) -> Result<()> {
        self.write_in_segments(&of_group(id, "messages")?, value)
    }
    fn message_secrets<I: traits::GroupId<V>, T: traits::MessageSecrets<V>>(&self, id: &I) -> Result<Option<T>> {
        self.fetch(&of_group(id, "messages")?)
    }
    fn delete_message_secrets<I: traits::GroupId<V>>(&self, id: &I) -> Result<()> {
        self.delete(&of_group(id, "messages")?)
    }

    // The trait orders the type parameters of the group state the other way round.
    fn write_group_state<S: traits::GroupState<V>, I: traits::GroupId<V>>(&self, id: &I, value: &S) -> Result<()> {
        self.put(&of_group(id, "state")?, value)
    }
    fn group_state<S: traits::GroupState<V>, I: traits::GroupId<V>>(&self, id: &I) -> Result<Option<S>> {
        self.fetch(&of_group(id, "state")?)
    }
    fn delete_group_state<I: traits::GroupId<V>>(&self, id: &I) -> Result<()> {
        self.delete(&of_group(id, "state")?)
    }

    fn append_own_leaf_node<I: traits::GroupId<V>, L: traits::LeafNode<V>>(&self, id: &I, leaf: &L) -> Result<()> {
        let key = of_group(id, "leaves")?;
        let mut list = self.list(&key)?;
        list.push((ByteBuf::new(), ByteBuf::from(encode(leaf)?)));
        self.put_list(&key, &list)
    }
    fn own_leaf_nodes<I: traits::GroupId<V>, L: traits::LeafNode<V>>(&self, id: &I) -> Result<Vec<L>> {
        self.list(&of_group(id, "leaves")?)?.iter().map(|(_, leaf)| decode(leaf)).collect()
    }
    fn delete_own_leaf_nodes<I: traits::GroupId<V>>(&self, id: &I) -> Result<()> {
        self.delete(&of_group(id, "leaves")?)
    }

    fn queue_proposal<I: traits::GroupId<V>, R: traits::ProposalRef<V>, Q: traits::QueuedProposal<V>>(
        &self, id: &I, reference: &R, proposal: &Q,
    ) -> Result<()> {
        let key = of_group(id, "proposals")?;
        let reference = encode(reference)?;
        let mut list = self.list(&key)?;
        list.retain(|(known, _)| known.as_slice() != reference);
        list.push((ByteBuf::from(reference), ByteBuf::from(encode(proposal)?)));
        self.put_list(&key, &list)
    }
    fn queued_proposal_refs<I: traits::GroupId<V>, R: traits::ProposalRef<V>>(&self, id: &I) -> Result<Vec<R>> {
        self.list(&of_group(id, "proposals")?)?.iter().map(|(reference, _)| decode(reference)).collect()
    }
    fn queued_proposals<I: traits::GroupId<V>, R: traits::ProposalRef<V>, Q: traits::QueuedProposal<V>>(
        &self, id: &I,
    ) -> Result<Vec<(R, Q)>> {
        let list = self.list(&of_group(id, "proposals")?)?;
        list.iter().map(|(reference, proposal)| Ok((decode(reference)?, decode(proposal)?))).collect()
    }
    fn remove_proposal<I: traits::GroupId<V>, R: traits::ProposalRef<V>>(&self, id: &I, reference: &R) -> Result<()> {
        let key = of_group(id, "proposals")?;
        let reference = encode(reference)?;
        let mut list = self.list(&key)?;
        list.retain(|(known, _)| known.as_slice() != reference);
        self.put_list(&key, &list)
    }
    fn clear_proposal_queue<I: traits::GroupId<V>, R: traits::ProposalRef<V>>(&self, id: &I) -> Result<()> {
        self.delete(&of_group(id, "proposals")?)
    }

    fn write_signature_key_pair<P: traits::SignaturePublicKey<V>, K: traits::SignatureKeyPair<V>>(
        &self, public: &P, pair: &K,
    ) -> Result<()> {
        self.put(&named("s", public)?, pair)
    }
    fn signature_key_pair<P: traits::SignaturePublicKey<V>, K: traits::SignatureKeyPair<V>>(
        &self, public: &P,
    ) -> Result<Option<K>> {
        self.fetch(&named("s", public)?)
    }
    fn delete_signature_key_pair<P: traits::SignaturePublicKey<V>>(&self, public: &P) -> Result<()> {
        self.delete(&named("s", public)?)
    }

    fn write_encryption_key_pair<P: traits::EncryptionKey<V>, K: traits::HpkeKeyPair<V>>(
        &self, public: &P, pair: &K,
    ) -> Result<()> {
        self.put(&hashed("e", public)?, pair)
    }
    fn encryption_key_pair<K: traits::HpkeKeyPair<V>, P: traits::EncryptionKey<V>>(&self, public: &P) -> Result<Option<K>> {
        self.fetch(&hashed("e", public)?)
    }
    fn delete_encryption_key_pair<P: traits::EncryptionKey<V>>(&self, public: &P) -> Result<()> {
        self.delete(&hashed("e", public)?)
    }

    fn write_encryption_epoch_key_pairs<I: traits::GroupId<V>, E: traits::EpochKey<V>, K: traits::HpkeKeyPair<V>>(
        &self, id: &I, epoch: &E, leaf: u32, pairs: &[K],
    ) -> Result<()> {
        self.put(&epoch_key(id, epoch, leaf)?, pairs)
    }
    fn encryption_epoch_key_pairs<I: traits::GroupId<V>, E: traits::EpochKey<V>, K: traits::HpkeKeyPair<V>>(
        &self, id: &I, epoch: &E, leaf: u32,
    ) -> Result<Vec<K>> {
        Ok(self.fetch(&epoch_key(id, epoch, leaf)?)?.unwrap_or_default())
    }
    fn delete_encryption_epoch_key_pairs<I: traits::GroupId<V>, E: traits::EpochKey<V>>(
        &self, id: &I, epoch: &E, leaf: u32,
    ) -> Result<()> {
        self.delete(&epoch_key(id, epoch, leaf)?)
    }

    fn write_key_package<R: traits::HashReference<V>, K: traits::KeyPackage<V>>(&self, reference: &R, package: &K) -> Result<()> {
        self.put(&named("k", reference)?, package)
    }
    fn key_package<R: traits::HashReference<V>, K: traits::KeyPackage<V>>(&self, reference: &R) -> Result<Option<K>> {
        self.fetch(&named("k", reference)?)
    }
    fn delete_key_package<R: traits::HashReference<V>>(&self, reference: &R) -> Result<()> {
        self.delete(&named("k", reference)?)
    }

    fn write_psk<P: traits::PskId<V>, B: traits::PskBundle<V>>(&self, id: &P, psk: &B) -> Result<()> {
        self.put(&hashed("p", id)?, psk)
    }
    fn psk<B: traits::PskBundle<V>, P: traits::PskId<V>>(&self, id: &P) -> Result<Option<B>> {
        self.fetch(&hashed("p", id)?)
    }
    fn delete_psk<P: traits::PskId<V>>(&self, id: &P) -> Result<()> {
        self.delete(&hashed("p", id)?)
    }
}
