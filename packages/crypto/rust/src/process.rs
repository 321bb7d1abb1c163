//! Incoming messages: opened, verified, and told apart with stable codes.

use openmls::prelude::*;
use openmls_traits::OpenMlsProvider;
use wasm_bindgen::JsValue;

use crate::config::Provider;
use crate::fail::{fail, from_past_process, from_process, with, Outcome};
use crate::js::{self, bytes, extend, object};
use crate::summary::summarize;

fn parse_protocol(message: &[u8]) -> Outcome<ProtocolMessage> {
    match js::parse_message(message)? {
        MlsMessageBodyIn::PublicMessage(public) => Ok(public.into()),
        MlsMessageBodyIn::PrivateMessage(private) => Ok(private.into()),
        _ => fail("CRYPTO_MALFORMED", "neither a PublicMessage nor a PrivateMessage"),
    }
}

/// SelfRemove messages enter the proposal store for one commit only: a stored proposal blocks sending.
pub fn hold_proposals(provider: &Provider, group: &mut MlsGroup, proposals: &[Vec<u8>]) -> Outcome<()> {
    for proposal in proposals {
        let processed = group.process_message(provider, parse_protocol(proposal)?).map_err(from_process)?;
        match processed.into_content() {
            ProcessedMessageContent::ProposalMessage(queued) if matches!(queued.proposal(), Proposal::SelfRemove) => {
                group.store_pending_proposal(provider.storage(), *queued).map_err(with("CRYPTO_INTERNAL"))?;
            }
            _ => return fail("CRYPTO_PROPOSAL_REFUSED", "only SelfRemove"),
        }
    }
    Ok(())
}

pub fn drop_proposals(provider: &Provider, group: &mut MlsGroup) -> Outcome<()> {
    group.clear_pending_proposals(provider.storage()).map_err(with("CRYPTO_INTERNAL"))
}

/// The only standalone proposal Entangle accepts.
pub fn self_remove(
    queued: &QueuedProposal,
    sender: &Sender,
    mut members: impl Iterator<Item = Member>,
    epoch: GroupEpoch,
) -> Outcome<JsValue> {
    let (Proposal::SelfRemove, Sender::Member(index)) = (queued.proposal(), sender) else {
        return fail("CRYPTO_PROPOSAL_REFUSED", "only SelfRemove");
    };
    let Some(member) = members.find(|member| member.index == *index) else {
        return fail("CRYPTO_SENDER_UNKNOWN", "proposer");
    };
    Ok(object([
        ("kind", "self-remove".into()),
        ("sender", js::member(index.u32(), member.credential.serialized_content(), &member.signature_key)),
        ("epoch", epoch.as_u64().into()),
    ]))
}

pub fn process(
    group: &mut MlsGroup,
    provider: &Provider,
    message: &[u8],
    proposals: &[Vec<u8>],
    staging: &mut Option<StagedCommit>,
) -> Outcome<JsValue> {
    if !group.is_active() {
        return fail("CRYPTO_GROUP_INACTIVE", "process");
    }
    let parsed = parse_protocol(message)?;
    if parsed.group_id() != group.group_id() {
        return fail("CRYPTO_WRONG_GROUP", "");
    }
    if parsed.epoch() > group.epoch() {
        return fail("CRYPTO_EPOCH_FUTURE", "");
    }
    let is_application = parsed.content_type() == ContentType::Application;
    if !is_application && parsed.epoch() < group.epoch() {
        return fail("CRYPTO_EPOCH_PAST", "");
    }
    if parsed.content_type() == ContentType::Commit {
        hold_proposals(provider, group, proposals)?;
    }
    let past = parsed.epoch() < group.epoch();
    let processed = group
        .process_message(provider, parsed)
        .map_err(|error| if past { from_past_process(error) } else { from_process(error) })?;
    let sender = processed.sender().clone();
    let epoch = processed.epoch();
    let authenticated_data = processed.aad().to_vec();
    let sender_credential = processed.credential().serialized_content().to_vec();
    match processed.into_content() {
        ProcessedMessageContent::ApplicationMessage(application) => {
            let Sender::Member(leaf) = sender else {
                return fail("CRYPTO_SENDER_UNKNOWN", "application");
            };
            // The tree is the present one: for a message of a past epoch the leaf may have changed since.
            let current = group.member_at(leaf).filter(|member| member.credential.serialized_content() == sender_credential);
            let signature_key = current.map(|member| member.signature_key).unwrap_or_default();
            Ok(object([
                ("kind", "application".into()),
                ("plaintext", bytes(&application.into_bytes())),
                ("authenticatedData", bytes(&authenticated_data)),
                ("sender", js::member(leaf.u32(), &sender_credential, &signature_key)),
                ("epoch", epoch.as_u64().into()),
            ]))
        }
        ProcessedMessageContent::StagedCommitMessage(staged) => {
            let external = group.ext_commit_sender_index(&staged).ok();
            let context = group.public_group().group_context().clone();
            let summary = summarize(&staged, &sender, group.members(), &context, external)?;
            drop_proposals(provider, group)?;
            let authenticator = staged.epoch_authenticator().map(|secret| secret.as_slice().to_vec());
            let result = object([
                ("kind", "commit".into()),
                ("epochAuthenticator", js::optional(authenticator.as_deref())),
                ("removesSelf", staged.self_removed().into()),
            ]);
            *staging = Some(*staged);
            Ok(extend(result, summary.fields))
        }
        ProcessedMessageContent::ProposalMessage(queued) => self_remove(&queued, &sender, group.members(), epoch),
        ProcessedMessageContent::OwnPendingCommit => {
            drop_proposals(provider, group)?;
            Ok(object([("kind", "own-commit".into())]))
        }
        ProcessedMessageContent::OwnPrivateMessage => fail("CRYPTO_OWN_MESSAGE", "application"),
        _ => fail("CRYPTO_PROPOSAL_REFUSED", "external join proposal"),
    }
}
