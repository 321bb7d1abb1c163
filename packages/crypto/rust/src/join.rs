//! Ways into a group: a Welcome, staged before it is accepted, and an external commit.

use openmls::prelude::*;
use openmls::schedule::{ExternalPsk, PreSharedKeyId, Psk};
use openmls_traits::OpenMlsProvider;
use wasm_bindgen::JsValue;

use crate::config::{capabilities, group_data, is_sound, join_config, Provider, SUITE};
use crate::device_key::DeviceKey;
use crate::fail::{fail, with, Outcome};
use crate::js::{self, bundle, bytes, object};
use crate::storage::group_prefix;

pub fn psk_id(provider: &Provider, id: &[u8]) -> Outcome<PreSharedKeyId> {
    let psk = Psk::External(ExternalPsk::new(id.to_vec()));
    PreSharedKeyId::new(SUITE, provider.rand(), psk).map_err(with("CRYPTO_INTERNAL"))
}

pub fn stage_welcome(provider: &Provider, welcome: &[u8], tree: &[u8]) -> Outcome<(StagedWelcome, JsValue)> {
    let MlsMessageBodyIn::Welcome(welcome) = js::parse_message(welcome)? else {
        return fail("CRYPTO_MALFORMED", "not a Welcome");
    };
    if welcome.ciphersuite() != SUITE {
        return fail("CRYPTO_UNSUPPORTED_SUITE", "welcome");
    }
    let processed = ProcessedWelcome::new_from_welcome(provider, &join_config(), welcome).map_err(|error| match error {
        WelcomeError::NoMatchingKeyPackage => with("CRYPTO_NO_MATCHING_KEY_PACKAGE")(error),
        _ => with("CRYPTO_WELCOME_INVALID")(error),
    })?;
    let staged = JoinBuilder::new(provider, processed)
        .with_ratchet_tree(js::parse_tree(tree)?)
        .skip_lifetime_validation()
        .build()
        .map_err(|error| match error {
            WelcomeError::GroupAlreadyExists => with("CRYPTO_GROUP_EXISTS")(error),
            _ => with("CRYPTO_WELCOME_INVALID")(error),
        })?;
    let context = staged.group_context();
    if !is_sound(context) {
        return fail("CRYPTO_WELCOME_INVALID", "group id or group context");
    }
    let sender = staged.welcome_sender().map_err(with("CRYPTO_WELCOME_INVALID"))?;
    let description = object([
        ("groupId", bytes(context.group_id().as_slice())),
        ("epoch", context.epoch().as_u64().into()),
        (
            "sender",
            js::member(
                staged.welcome_sender_index().u32(),
                sender.credential().serialized_content(),
                sender.signature_key().as_slice(),
            ),
        ),
        ("members", js::members(staged.members())),
        ("groupData", js::optional(group_data(context))),
    ]);
    Ok((staged, description))
}

/// Builds the commit and, as OpenMLS does it, merges it at once: all of it lies in the overlay.
pub fn join_externally(
    provider: &Provider,
    signer: &DeviceKey,
    credential: CredentialWithKey,
    group_info: &[u8],
    tree: &[u8],
    psk: Option<Vec<u8>>,
) -> Outcome<(MlsGroup, JsValue)> {
    let info = js::parse_group_info(group_info)?;
    if !provider.storage().keys_with(&group_prefix(info.group_id().as_slice())).is_empty() {
        return fail("CRYPTO_GROUP_EXISTS", "external join");
    }
    let mut builder = MlsGroup::external_commit_builder()
        .with_ratchet_tree(js::parse_tree(tree)?)
        .with_config(join_config())
        .skip_lifetime_validation()
        .build_group(provider, info, credential)
        .map_err(with("CRYPTO_GROUP_INFO_INVALID"))?
        .leaf_node_parameters(LeafNodeParameters::builder().with_capabilities(capabilities()).build());
    if let Some(id) = psk {
        builder = builder.add_psk_proposal(PreSharedKeyProposal::new(psk_id(provider, &id)?));
    }
    let (group, built) = builder
        .load_psks(provider.storage())
        .map_err(with("CRYPTO_STATE_MISSING"))?
        .use_ratchet_tree_extension(false)
        .create_group_info(true)
        .build(provider.rand(), provider.crypto(), signer, |_| true)
        .map_err(with("CRYPTO_COMMIT_INVALID"))?
        .finalize(provider)
        .map_err(with("CRYPTO_INTERNAL"))?;
    let (commit, _, info) = built.into_contents();
    let Some(info) = info else {
        return fail("CRYPTO_INTERNAL", "external commit without group info");
    };
    let value = bundle(
        &js::wire(&commit)?,
        js::list([], |none: JsValue| none),
        &js::wire(&MlsMessageOut::from(info))?,
        &js::wire(&group.export_ratchet_tree())?,
        group.epoch().as_u64(),
        group.epoch_authenticator().as_slice(),
    );
    Ok((group, value))
}
