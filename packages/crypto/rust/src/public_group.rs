//! A group as the delivery service sees it: public state only, checked by the same code as the members'.

use js_sys::Uint8Array;
use openmls::messages::group_info::VerifiableGroupInfo;
use openmls::prelude::*;
use openmls_traits::OpenMlsProvider;
use wasm_bindgen::prelude::*;

use crate::config::{group_data, is_sound, Provider, SUITE};
use crate::fail::{fail, from_public_process, with, Outcome};
use crate::js::{self, bytes, byte_arrays, object};
use crate::summary::summarize;

#[wasm_bindgen]
pub struct PublicCore {
    provider: Provider,
    group: PublicGroup,
    staged: Option<StagedCommit>,
    /// The group object in memory holds proposals that its stored state does not.
    holds_proposals: bool,
}

fn protocol(message: &[u8]) -> Outcome<ProtocolMessage> {
    match js::parse_message(message)? {
        MlsMessageBodyIn::PublicMessage(public) => Ok(public.into()),
        _ => fail("CRYPTO_MALFORMED", "not a PublicMessage"),
    }
}

#[wasm_bindgen]
impl PublicCore {
    pub fn create(group_info: &[u8], tree: &[u8]) -> Result<PublicCore, JsValue> {
        let provider = Provider::default();
        let (group, _) = PublicGroup::from_external(
            provider.crypto(),
            provider.storage(),
            js::parse_tree(tree)?,
            js::parse_group_info(group_info)?,
            ProposalStore::new(),
        )
        .map_err(with("CRYPTO_GROUP_INFO_INVALID"))?;
        if !is_sound(group.group_context()) {
            return Ok(fail("CRYPTO_GROUP_INFO_INVALID", "group id or group context")?);
        }
        Ok(PublicCore { provider, group, staged: None, holds_proposals: false })
    }

    pub fn open(group_id: &[u8], keys: Vec<String>, values: Vec<Uint8Array>) -> Result<PublicCore, JsValue> {
        let provider = Provider::default();
        for (key, value) in keys.into_iter().zip(values) {
            provider.storage().load(key, value.to_vec());
        }
        let group = load(&provider, group_id)?;
        Ok(PublicCore { provider, group, staged: None, holds_proposals: false })
    }

    pub fn status(&self) -> JsValue {
        let context = self.group.group_context();
        object([
            ("groupId", bytes(self.group.group_id().as_slice())),
            ("epoch", context.epoch().as_u64().into()),
            ("groupData", js::optional(group_data(context))),
        ])
    }

    pub fn members(&self) -> JsValue {
        js::members(self.group.members())
    }

    #[wasm_bindgen(js_name = exportTree)]
    pub fn export_tree(&self) -> Result<Vec<u8>, JsValue> {
        Ok(js::wire(&self.group.export_ratchet_tree())?)
    }

    pub fn process(&mut self, message: &[u8], proposals: Vec<Uint8Array>) -> Result<JsValue, JsValue> {
        self.provider.storage().begin();
        let outcome = self.process_inner(message, byte_arrays(proposals));
        self.provider.storage().rollback();
        // Proposals serve the commit at hand only; the staged commit carries its own.
        if self.holds_proposals {
            let group_id = self.group.group_id().as_slice().to_vec();
            self.group = load(&self.provider, &group_id)?;
            self.holds_proposals = false;
        }
        Ok(outcome?)
    }

    #[wasm_bindgen(js_name = mergeStaged)]
    pub fn merge_staged(&mut self) -> Result<(), JsValue> {
        let Some(staged) = self.staged.take() else {
            return Ok(fail("CRYPTO_NOTHING_STAGED", "public group")?);
        };
        Ok(self.group.merge_commit(self.provider.storage(), staged).map_err(with("CRYPTO_INTERNAL"))?)
    }

    #[wasm_bindgen(js_name = discardStaged)]
    pub fn discard_staged(&mut self) {
        self.staged = None;
    }

    /// Accepts the GroupInfo of the present epoch if that leaf has signed it and it lets others come in from outside.
    /// The tree is at hand: none of its leaves is verified again, so none that has expired since ends the group.
    #[wasm_bindgen(js_name = verifyGroupInfo)]
    pub fn verify_group_info(&self, group_info: &[u8], signer: u32) -> Result<(), JsValue> {
        let info = js::parse_group_info(group_info)?;
        let signer = LeafNodeIndex::new(signer);
        let Some(leaf) = self.group.leaf(signer) else {
            return Ok(fail("CRYPTO_GROUP_INFO_INVALID", "signer")?);
        };
        let expected = VerifiableGroupInfo::new(
            self.group.group_context().clone(),
            info.extensions().clone(),
            self.group.confirmation_tag().clone(),
            signer,
            info.signature().clone(),
        );
        if info != expected || info.extensions().external_pub().is_none() {
            return Ok(fail("CRYPTO_GROUP_INFO_INVALID", "not of this epoch")?);
        }
        let key =
            OpenMlsSignaturePublicKey::from_signature_key(leaf.signature_key().clone(), SUITE.signature_algorithm());
        Ok(info.verify_no_out(self.provider.crypto(), &key).map_err(with("CRYPTO_GROUP_INFO_INVALID"))?)
    }

    #[wasm_bindgen(js_name = takeChanges)]
    pub fn take_changes(&self) -> JsValue {
        crate::group::changes(&self.provider)
    }

    pub fn accept(&self) {
        self.provider.storage().accept();
    }

    pub fn discard(&mut self) -> Result<(), JsValue> {
        self.staged = None;
        self.provider.storage().discard();
        let group_id = self.group.group_id().as_slice().to_vec();
        self.group = load(&self.provider, &group_id)?;
        Ok(())
    }
}

fn load(provider: &Provider, group_id: &[u8]) -> Outcome<PublicGroup> {
    match PublicGroup::load(provider.storage(), &GroupId::from_slice(group_id)) {
        Ok(Some(group)) => Ok(group),
        Ok(None) => fail("CRYPTO_GROUP_UNKNOWN", "public group"),
        Err(error) => Err(with("CRYPTO_STATE_CORRUPT")(error)),
    }
}

impl PublicCore {
    fn process_inner(&mut self, message: &[u8], proposals: Vec<Vec<u8>>) -> Outcome<JsValue> {
        let current = self.group.group_context().epoch();
        let parsed = protocol(message)?;
        if parsed.group_id() != self.group.group_id() {
            return fail("CRYPTO_WRONG_GROUP", "");
        }
        if parsed.epoch() > current {
            return fail("CRYPTO_EPOCH_FUTURE", "");
        }
        if parsed.content_type() == ContentType::Commit {
            self.holds_proposals = !proposals.is_empty();
            for proposal in proposals {
                let processed = self
                    .group
                    .process_message(self.provider.crypto(), protocol(&proposal)?)
                    .map_err(from_public_process)?;
                match processed.into_content() {
                    ProcessedMessageContent::ProposalMessage(queued) if matches!(queued.proposal(), Proposal::SelfRemove) => {
                        self.group.add_proposal(self.provider.storage(), *queued).map_err(with("CRYPTO_INTERNAL"))?;
                    }
                    _ => return fail("CRYPTO_PROPOSAL_REFUSED", "only SelfRemove"),
                }
            }
        }
        let processed = self.group.process_message(self.provider.crypto(), parsed).map_err(from_public_process)?;
        let sender = processed.sender().clone();
        match processed.into_content() {
            ProcessedMessageContent::StagedCommitMessage(staged) => {
                let external = self.group.ext_commit_sender_index(&staged).ok();
                let summary =
                    summarize(&staged, &sender, self.group.members(), self.group.group_context(), external)?;
                self.staged = Some(*staged);
                let result = object([("kind", "commit".into())]);
                Ok(js::extend(result, summary.fields))
            }
            ProcessedMessageContent::ProposalMessage(queued) => {
                crate::process::self_remove(&queued, &sender, self.group.members(), current)
            }
            _ => fail("CRYPTO_PROPOSAL_REFUSED", "not a handshake of a member"),
        }
    }
}
