//! The state of one device: its keys and its groups.

use std::collections::HashMap;
use std::time::Duration;

use js_sys::Uint8Array;
use openmls::group::PastEpochDeletion;
use openmls::prelude::*;
use openmls_traits::signatures::Signer;
use openmls_traits::storage::StorageProvider;
use openmls_traits::OpenMlsProvider;
use wasm_bindgen::prelude::*;
use web_time::UNIX_EPOCH;

use crate::config::{create_config, group_data, group_extensions, Provider, GROUP_ID_BYTES};
use crate::device_key::DeviceKey;
use crate::fail::{fail, with, Outcome};
use crate::identity::{content, DEVICE};
use crate::join::{join_externally, psk_id, stage_welcome};
use crate::js::{self, bundle, byte_arrays, bytes, object};
use crate::key_package;
use crate::process::{drop_proposals, hold_proposals, process};
use crate::storage::{group_prefix, hex};
use crate::welcome::one_per_joiner;

#[wasm_bindgen]
#[derive(Default)]
pub struct DeviceCore {
    provider: Provider,
    /// Groups that agree with the entries; dropped whenever an operation fails half way.
    groups: HashMap<Vec<u8>, MlsGroup>,
    staged: HashMap<Vec<u8>, StagedCommit>,
    welcome: Option<StagedWelcome>,
}

pub fn changes(provider: &Provider) -> JsValue {
    js::list(provider.storage().take_changes(), |(key, entry)| {
        object([("key", key.into()), ("value", js::optional(entry.as_deref()))])
    })
}

fn status(group: &MlsGroup) -> JsValue {
    object([
        ("groupId", bytes(group.group_id().as_slice())),
        ("epoch", group.epoch().as_u64().into()),
        ("ownLeafIndex", group.own_leaf_index().u32().into()),
        ("active", group.is_active().into()),
        ("hasPendingCommit", group.pending_commit().is_some().into()),
        ("epochAuthenticator", bytes(group.epoch_authenticator().as_slice())),
        ("groupData", js::optional(group_data(group.public_group().group_context()))),
    ])
}

fn credential(content: &[u8], signature_key: &[u8]) -> CredentialWithKey {
    CredentialWithKey {
        credential: BasicCredential::new(content.to_vec()).into(),
        signature_key: signature_key.into(),
    }
}

fn own_signer(provider: &Provider, public: &[u8]) -> Outcome<DeviceKey> {
    match DeviceKey::read(provider.storage(), public) {
        Some(pair) => Ok(pair),
        None => fail("CRYPTO_STATE_MISSING", "signature key"),
    }
}

fn group_signer(provider: &Provider, group: &MlsGroup) -> Outcome<DeviceKey> {
    match group.own_leaf_node() {
        Some(leaf) => own_signer(provider, leaf.signature_key().as_slice()),
        None => fail("CRYPTO_GROUP_INACTIVE", "no own leaf"),
    }
}

impl DeviceCore {
    fn take_group(&mut self, group_id: &[u8]) -> Outcome<MlsGroup> {
        if let Some(group) = self.groups.remove(group_id) {
            return Ok(group);
        }
        match MlsGroup::load(self.provider.storage(), &GroupId::from_slice(group_id)) {
            Ok(Some(group)) => Ok(group),
            Ok(None) => fail("CRYPTO_GROUP_UNKNOWN", hex(group_id)),
            Err(error) => Err(with("CRYPTO_STATE_CORRUPT")(error)),
        }
    }

    /// Runs an operation on a group. On refusal its writes are undone and the group is read anew next time.
    fn on_group<T>(
        &mut self,
        group_id: &[u8],
        operation: impl FnOnce(&mut MlsGroup, &Provider) -> Outcome<T>,
    ) -> Result<T, JsValue> {
        let mut group = self.take_group(group_id)?;
        self.provider.storage().begin();
        match operation(&mut group, &self.provider) {
            Ok(value) => {
                self.provider.storage().commit();
                self.groups.insert(group_id.to_vec(), group);
                Ok(value)
            }
            Err(refusal) => {
                self.provider.storage().rollback();
                Err(refusal.into())
            }
        }
    }

    /// The same for an operation that brings a group into being.
    fn new_group(
        &mut self,
        operation: impl FnOnce(&Provider) -> Outcome<(MlsGroup, JsValue)>,
    ) -> Result<JsValue, JsValue> {
        self.provider.storage().begin();
        match operation(&self.provider) {
            Ok((group, value)) => {
                self.provider.storage().commit();
                self.groups.insert(group.group_id().as_slice().to_vec(), group);
                Ok(value)
            }
            Err(refusal) => {
                self.provider.storage().rollback();
                Err(refusal.into())
            }
        }
    }

    fn known(&self, group_id: &[u8]) -> bool {
        !self.provider.storage().keys_with(&group_prefix(group_id)).is_empty()
    }
}

#[wasm_bindgen]
impl DeviceCore {
    #[wasm_bindgen(constructor)]
    pub fn new() -> DeviceCore {
        DeviceCore::default()
    }

    pub fn load(&mut self, keys: Vec<String>, values: Vec<Uint8Array>) {
        for (key, value) in keys.into_iter().zip(values) {
            self.provider.storage().load(key, value.to_vec());
        }
    }

    pub fn unload(&mut self, group_id: &[u8]) -> Result<(), JsValue> {
        if !self.provider.storage().unload(&group_prefix(group_id)) {
            return Ok(fail("CRYPTO_CHANGES_IN_FLIGHT", hex(group_id))?);
        }
        self.groups.remove(group_id);
        self.staged.remove(group_id);
        Ok(())
    }

    #[wasm_bindgen(js_name = takeChanges)]
    pub fn take_changes(&self) -> JsValue {
        changes(&self.provider)
    }

    pub fn accept(&self) {
        self.provider.storage().accept();
    }

    pub fn discard(&mut self) {
        self.provider.storage().discard();
        self.groups.clear();
        self.staged.clear();
        self.welcome = None;
    }

    #[wasm_bindgen(js_name = createSignatureKey)]
    pub fn create_signature_key(&self) -> Result<Vec<u8>, JsValue> {
        Ok(DeviceKey::create(self.provider.storage())?.public().to_vec())
    }

    #[wasm_bindgen(js_name = deleteSignatureKey)]
    pub fn delete_signature_key(&self, public: &[u8]) -> Result<(), JsValue> {
        Ok(DeviceKey::delete(self.provider.storage(), public)?)
    }

    #[wasm_bindgen(js_name = signWithDeviceKey)]
    pub fn sign_with_device_key(&self, public: &[u8], label: &str, message: &[u8]) -> Result<Vec<u8>, JsValue> {
        let content = content(DEVICE, label, message)?;
        Ok(own_signer(&self.provider, public)?.sign(&content).map_err(with("CRYPTO_INTERNAL"))?)
    }

    #[wasm_bindgen(js_name = createKeyPackage)]
    pub fn create_key_package(&self, public: &[u8], content: &[u8], last_resort: bool) -> Result<JsValue, JsValue> {
        let signer = own_signer(&self.provider, public)?;
        Ok(key_package::generate(&self.provider, &signer, credential(content, public), last_resort)?)
    }

    #[wasm_bindgen(js_name = deleteKeyPackage)]
    pub fn delete_key_package(&self, reference: &[u8]) {
        self.provider.storage().delete_with(&format!("k/{}", hex(reference)));
    }

    #[wasm_bindgen(js_name = keyPackageKeys)]
    pub fn key_package_keys(&self) -> Vec<String> {
        let mut keys = self.provider.storage().keys_with("k/");
        keys.retain(|key| !key.contains("/part/"));
        keys
    }

    #[wasm_bindgen(js_name = storePsk)]
    pub fn store_psk(&self, id: &[u8], secret: &[u8]) -> Result<(), JsValue> {
        Ok(psk_id(&self.provider, id)?.store(&self.provider, secret).map_err(with("CRYPTO_INTERNAL"))?)
    }

    #[wasm_bindgen(js_name = deletePsk)]
    pub fn delete_psk(&self, id: &[u8]) -> Result<(), JsValue> {
        let psk = psk_id(&self.provider, id)?;
        Ok(self.provider.storage().delete_psk(psk.psk()).map_err(with("CRYPTO_INTERNAL"))?)
    }

    #[wasm_bindgen(js_name = createGroup)]
    pub fn create_group(&mut self, group_id: &[u8], public: &[u8], content: &[u8], data: Vec<u8>) -> Result<JsValue, JsValue> {
        if group_id.len() != GROUP_ID_BYTES {
            return Ok(fail("CRYPTO_INVALID_ARGUMENT", "group id")?);
        }
        if self.known(group_id) {
            return Ok(fail("CRYPTO_GROUP_EXISTS", hex(group_id))?);
        }
        self.new_group(|provider| {
            let signer = own_signer(provider, public)?;
            let id = GroupId::from_slice(group_id);
            let config = create_config(data)?;
            let group = MlsGroup::new_with_group_id(provider, &signer, &config, id, credential(content, public))
                .map_err(with("CRYPTO_INTERNAL"))?;
            let status = status(&group);
            Ok((group, status))
        })
    }

    pub fn status(&mut self, group_id: &[u8]) -> Result<JsValue, JsValue> {
        if !self.known(group_id) {
            return Ok(JsValue::NULL);
        }
        self.on_group(group_id, |group, _| Ok(status(group)))
    }

    pub fn members(&mut self, group_id: &[u8]) -> Result<JsValue, JsValue> {
        self.on_group(group_id, |group, _| Ok(js::members(group.members())))
    }

    #[wasm_bindgen(js_name = exportSecret)]
    pub fn export_secret(&mut self, group_id: &[u8], label: &str, context: &[u8], length: usize) -> Result<Vec<u8>, JsValue> {
        self.on_group(group_id, |group, provider| {
            if !group.is_active() {
                return fail("CRYPTO_GROUP_INACTIVE", "export");
            }
            group.export_secret(provider.crypto(), label, context, length).map_err(with("CRYPTO_INVALID_ARGUMENT"))
        })
    }

    #[wasm_bindgen(js_name = exportPendingSecret)]
    pub fn export_pending_secret(&mut self, group_id: &[u8], label: &str, context: &[u8], length: usize) -> Result<Vec<u8>, JsValue> {
        self.on_group(group_id, |group, provider| {
            let Some(staged) = group.pending_commit() else {
                return fail("CRYPTO_NO_PENDING_COMMIT", "export");
            };
            staged.export_secret(provider.crypto(), label, context, length).map_err(with("CRYPTO_INVALID_ARGUMENT"))
        })
    }

    #[wasm_bindgen(js_name = exportGroupInfo)]
    pub fn export_group_info(&mut self, group_id: &[u8]) -> Result<Vec<u8>, JsValue> {
        self.on_group(group_id, |group, provider| {
            let signer = group_signer(provider, group)?;
            let info = group.export_group_info(provider.crypto(), &signer, false);
            js::wire(&info.map_err(with("CRYPTO_INTERNAL"))?)
        })
    }

    #[wasm_bindgen(js_name = exportTree)]
    pub fn export_tree(&mut self, group_id: &[u8]) -> Result<Vec<u8>, JsValue> {
        self.on_group(group_id, |group, _| js::wire(&group.export_ratchet_tree()))
    }

    #[wasm_bindgen(js_name = deleteGroup)]
    pub fn delete_group(&mut self, group_id: &[u8]) {
        self.groups.remove(group_id);
        self.staged.remove(group_id);
        self.provider.storage().delete_with(&group_prefix(group_id));
    }

    #[wasm_bindgen(js_name = deletePastEpochs)]
    pub fn delete_past_epochs(&mut self, group_id: &[u8], ended_before_ms: f64) -> Result<(), JsValue> {
        self.on_group(group_id, |group, provider| {
            let time = UNIX_EPOCH + Duration::from_millis(ended_before_ms.max(0.0) as u64);
            group
                .delete_past_epoch_secrets(provider, PastEpochDeletion::before_timestamp(time))
                .map_err(with("CRYPTO_INTERNAL"))
        })
    }

    pub fn commit(
        &mut self,
        group_id: &[u8],
        add: Vec<Uint8Array>,
        remove: Vec<u32>,
        proposals: Vec<Uint8Array>,
        data: Option<Vec<u8>>,
    ) -> Result<JsValue, JsValue> {
        let (add, proposals) = (byte_arrays(add), byte_arrays(proposals));
        self.on_group(group_id, |group, provider| {
            if !group.is_active() {
                return fail("CRYPTO_GROUP_INACTIVE", "commit");
            }
            if group.pending_commit().is_some() {
                return fail("CRYPTO_COMMIT_PENDING", "commit");
            }
            if let Some(leaf) = remove.iter().find(|leaf| group.member_at(LeafNodeIndex::new(**leaf)).is_none()) {
                return fail("CRYPTO_MEMBER_UNKNOWN", leaf.to_string());
            }
            let signer = group_signer(provider, group)?;
            let packages = add
                .iter()
                .map(|package| key_package::parse_valid(provider.crypto(), package))
                .collect::<Outcome<Vec<_>>>()?;
            let references = packages
                .iter()
                .map(|package| package.hash_ref(provider.crypto()).map_err(with("CRYPTO_INTERNAL")))
                .collect::<Outcome<Vec<_>>>()?;
            hold_proposals(provider, group, &proposals)?;
            let mut builder = group
                .commit_builder()
                .force_self_update(true)
                .propose_adds(packages)
                .propose_removals(remove.into_iter().map(LeafNodeIndex::new));
            if let Some(data) = data {
                builder = builder
                    .propose_group_context_extensions(group_extensions(data)?)
                    .map_err(with("CRYPTO_INVALID_ARGUMENT"))?;
            }
            let (commit, welcome, info) = builder
                .load_psks(provider.storage())
                .map_err(with("CRYPTO_COMMIT_INVALID"))?
                .use_ratchet_tree_extension(false)
                .create_group_info(true)
                .build(provider.rand(), provider.crypto(), &signer, |_| true)
                .map_err(with("CRYPTO_COMMIT_INVALID"))?
                .stage_commit(provider)
                .map_err(with("CRYPTO_INTERNAL"))?
                .into_contents();
            drop_proposals(provider, group)?;
            let (Some(staged), Some(info)) = (group.pending_commit(), info) else {
                return fail("CRYPTO_INTERNAL", "commit without staged state");
            };
            let tree = staged
                .export_ratchet_tree(provider.crypto(), group.export_ratchet_tree())
                .map_err(with("CRYPTO_INTERNAL"))?;
            let (Some(tree), Some(authenticator)) = (tree, staged.epoch_authenticator()) else {
                return fail("CRYPTO_INTERNAL", "commit without tree");
            };
            let welcomes = welcome.map(|welcome| one_per_joiner(&welcome, &references)).transpose()?;
            Ok(bundle(
                &js::wire(&commit)?,
                js::list(welcomes.unwrap_or_default(), |(reference, welcome)| {
                    object([("keyPackageRef", bytes(&reference)), ("welcome", bytes(&welcome))])
                }),
                &js::wire(&MlsMessageOut::from(info))?,
                &js::wire(&tree)?,
                staged.epoch().as_u64(),
                authenticator.as_slice(),
            ))
        })
    }

    #[wasm_bindgen(js_name = mergePending)]
    pub fn merge_pending(&mut self, group_id: &[u8]) -> Result<JsValue, JsValue> {
        self.staged.remove(group_id);
        self.on_group(group_id, |group, provider| {
            if group.pending_commit().is_none() {
                return fail("CRYPTO_NO_PENDING_COMMIT", "merge");
            }
            group.merge_pending_commit(provider).map_err(with("CRYPTO_INTERNAL"))?;
            Ok(status(group))
        })
    }

    #[wasm_bindgen(js_name = clearPending)]
    pub fn clear_pending(&mut self, group_id: &[u8]) -> Result<(), JsValue> {
        self.on_group(group_id, |group, provider| {
            if group.pending_commit().is_none() {
                return fail("CRYPTO_NO_PENDING_COMMIT", "clear");
            }
            group.clear_pending_commit(provider.storage()).map_err(with("CRYPTO_INTERNAL"))
        })
    }

    #[wasm_bindgen(js_name = proposeSelfRemove)]
    pub fn propose_self_remove(&mut self, group_id: &[u8]) -> Result<Vec<u8>, JsValue> {
        self.on_group(group_id, |group, provider| {
            let signer = group_signer(provider, group)?;
            let message = group
                .leave_group_via_self_remove(provider, &signer)
                .map_err(with("CRYPTO_COMMIT_PENDING"))?;
            drop_proposals(provider, group)?;
            js::wire(&message)
        })
    }

    pub fn encrypt(&mut self, group_id: &[u8], plaintext: &[u8], authenticated_data: Vec<u8>) -> Result<Vec<u8>, JsValue> {
        self.on_group(group_id, |group, provider| {
            let signer = group_signer(provider, group)?;
            group.set_aad(authenticated_data);
            let message = group.create_message(provider, &signer, plaintext).map_err(|error| match error {
                CreateMessageError::GroupStateError(MlsGroupStateError::UseAfterEviction) => {
                    with("CRYPTO_GROUP_INACTIVE")(error)
                }
                _ => with("CRYPTO_INTERNAL")(error),
            })?;
            js::wire(&message)
        })
    }

    pub fn process(
        &mut self,
        group_id: &[u8],
        message: &[u8],
        proposals: Vec<Uint8Array>,
        accepted_at_ms: Option<f64>,
    ) -> Result<JsValue, JsValue> {
        let proposals = byte_arrays(proposals);
        let mut staging = None;
        let result = web_time::at(accepted_at_ms, || {
            self.on_group(group_id, |group, provider| process(group, provider, message, &proposals, &mut staging))
        })?;
        if let Some(staged) = staging {
            self.staged.insert(group_id.to_vec(), staged);
        }
        Ok(result)
    }

    #[wasm_bindgen(js_name = mergeStaged)]
    pub fn merge_staged(&mut self, group_id: &[u8]) -> Result<JsValue, JsValue> {
        let Some(staged) = self.staged.remove(group_id) else {
            return Ok(fail("CRYPTO_NOTHING_STAGED", hex(group_id))?);
        };
        self.on_group(group_id, |group, provider| {
            group.merge_staged_commit(provider, staged).map_err(with("CRYPTO_INTERNAL"))?;
            Ok(status(group))
        })
    }

    #[wasm_bindgen(js_name = discardStaged)]
    pub fn discard_staged(&mut self, group_id: &[u8]) {
        self.staged.remove(group_id);
    }

    #[wasm_bindgen(js_name = stageWelcome)]
    pub fn stage_welcome(&mut self, welcome: &[u8], tree: &[u8]) -> Result<JsValue, JsValue> {
        self.welcome = None;
        self.provider.storage().begin();
        let staged = stage_welcome(&self.provider, welcome, tree);
        match staged {
            Ok((staged, description)) => {
                self.provider.storage().commit();
                self.welcome = Some(staged);
                Ok(description)
            }
            Err(refusal) => {
                self.provider.storage().rollback();
                Err(refusal.into())
            }
        }
    }

    #[wasm_bindgen(js_name = acceptWelcome)]
    pub fn accept_welcome(&mut self) -> Result<JsValue, JsValue> {
        let Some(staged) = self.welcome.take() else {
            return Ok(fail("CRYPTO_NOTHING_STAGED", "welcome")?);
        };
        self.new_group(|provider| {
            let group = staged.into_group(provider).map_err(with("CRYPTO_WELCOME_INVALID"))?;
            let status = status(&group);
            Ok((group, status))
        })
    }

    #[wasm_bindgen(js_name = joinExternally)]
    pub fn join_externally(
        &mut self,
        public: &[u8],
        content: &[u8],
        group_info: &[u8],
        tree: &[u8],
        psk: Option<Vec<u8>>,
    ) -> Result<JsValue, JsValue> {
        self.new_group(|provider| {
            let signer = own_signer(provider, public)?;
            join_externally(provider, &signer, credential(content, public), group_info, tree, psk)
        })
    }
}
