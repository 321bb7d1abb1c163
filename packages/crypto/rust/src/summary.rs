//! What a staged commit does, told the same way for a member and for the delivery service,
//! and the rules for proposals that OpenMLS leaves to the application.

use std::collections::{BTreeMap, BTreeSet};

use openmls::prelude::*;
use openmls::schedule::{PreSharedKeyId, Psk};
use tls_codec::{Deserialize as _, Serialize as _};
use wasm_bindgen::JsValue;

use crate::config::{group_data, has_sound_lifetime, is_sound};
use crate::fail::{fail, with, Outcome};
use crate::js;

pub struct Summary {
    pub fields: [(&'static str, JsValue); 9],
}

/// Refuses what no commit in Entangle contains, and enforces the rules of external commits
/// (RFC 9420 section 12.4.3.2: no references; here also: at most one Remove).
fn check_proposals(staged: &StagedCommit, external: bool) -> Outcome<()> {
    let mut removes = 0;
    for queued in staged.queued_proposals() {
        let by_reference = queued.proposal_or_ref_type() == ProposalOrRefType::Reference;
        let allowed = match queued.proposal() {
            Proposal::Add(add) => {
                !external && !by_reference && has_sound_lifetime(add.key_package().life_time())
            }
            Proposal::GroupContextExtensions(_) => !external && !by_reference,
            Proposal::Remove(_) => {
                removes += 1;
                !by_reference && (!external || removes == 1)
            }
            Proposal::SelfRemove => !external,
            Proposal::ExternalInit(_) | Proposal::PreSharedKey(_) => external && !by_reference,
            _ => false,
        };
        if !allowed {
            return fail("CRYPTO_COMMIT_INVALID", format!("proposal {:?}", queued.proposal().proposal_type()));
        }
    }
    Ok(())
}

/// Ids of the external pre-shared keys in a commit. The proposal keeps its content to itself, so it is read from
/// its own encoding (RFC 9420 section 12.1.4: a PreSharedKey proposal is one PreSharedKeyID).
fn psk_ids(staged: &StagedCommit) -> Outcome<Vec<Vec<u8>>> {
    staged
        .psk_proposals()
        .map(|queued| {
            let encoded = queued.psk_proposal().tls_serialize_detached().map_err(with("CRYPTO_INTERNAL"))?;
            let id = PreSharedKeyId::tls_deserialize_exact(encoded).map_err(with("CRYPTO_INTERNAL"))?;
            match id.psk() {
                Psk::External(external) => Ok(external.psk_id().to_vec()),
                _ => fail("CRYPTO_COMMIT_INVALID", "a pre-shared key that is not external"),
            }
        })
        .collect()
}

fn leaf_of(member: &Member) -> JsValue {
    js::member(member.index.u32(), member.credential.serialized_content(), &member.signature_key)
}

fn leaf_node(index: u32, leaf: &LeafNode) -> JsValue {
    js::member(index, leaf.credential().serialized_content(), leaf.signature_key().as_slice())
}

pub fn summarize(
    staged: &StagedCommit,
    sender: &Sender,
    before: impl Iterator<Item = Member>,
    context: &GroupContext,
    external_index: Option<LeafNodeIndex>,
) -> Outcome<Summary> {
    let external = !matches!(sender, Sender::Member(_));
    check_proposals(staged, external)?;
    let members: BTreeMap<u32, Member> = before.map(|member| (member.index.u32(), member)).collect();

    let mut removed: BTreeSet<u32> = BTreeSet::new();
    let mut self_removed: BTreeSet<u32> = BTreeSet::new();
    for queued in staged.queued_proposals() {
        match (queued.proposal(), queued.sender()) {
            (Proposal::Remove(remove), _) => {
                removed.insert(remove.removed().u32());
            }
            (Proposal::SelfRemove, Sender::Member(leaf)) => {
                removed.insert(leaf.u32());
                self_removed.insert(leaf.u32());
            }
            _ => {}
        }
    }
    // Additions take the leftmost free leaves, after removals (RFC 9420 sections 12.4.2 and 7.7).
    let mut free = (0u32..).filter(|index| !members.contains_key(index) || removed.contains(index));
    let mut added = Vec::new();
    for add in staged.add_proposals() {
        let index = free.next().unwrap_or(u32::MAX);
        added.push(leaf_node(index, add.add_proposal().key_package().leaf_node()));
    }
    let path_leaf = staged.update_path_leaf_node();
    let (sender_leaf, updated) = match (sender, path_leaf) {
        (Sender::Member(index), path) => {
            let Some(old) = members.get(&index.u32()) else {
                return fail("CRYPTO_SENDER_UNKNOWN", "committer");
            };
            let new = path.map_or_else(|| leaf_of(old), |leaf| leaf_node(index.u32(), leaf));
            let change = js::object([("before", leaf_of(old)), ("after", new.clone())]);
            (new, if path.is_some() { vec![change] } else { Vec::new() })
        }
        (_, Some(leaf)) => {
            let index = external_index.map_or(u32::MAX, |index| index.u32());
            added.push(leaf_node(index, leaf));
            (leaf_node(index, leaf), Vec::new())
        }
        _ => return fail("CRYPTO_COMMIT_INVALID", "external commit without a path"),
    };
    let gone = removed.iter().filter_map(|index| members.get(index)).map(leaf_of);
    let old_data = group_data(context);
    let new_data = group_data(staged.group_context());
    if !is_sound(staged.group_context()) {
        return fail("CRYPTO_COMMIT_INVALID", "group context");
    }
    Ok(Summary {
        fields: [
            ("sender", sender_leaf),
            ("external", external.into()),
            ("added", js::list(added, |leaf| leaf)),
            ("removed", js::list(gone, |leaf| leaf)),
            ("updated", js::list(updated, |change| change)),
            ("selfRemovedLeaves", js::list(self_removed, JsValue::from)),
            ("preSharedKeyIds", js::list(psk_ids(staged)?, |id| js::bytes(&id))),
            ("newEpoch", staged.epoch().as_u64().into()),
            ("groupData", if old_data == new_data { JsValue::NULL } else { js::optional(new_data) }),
        ],
    })
}
