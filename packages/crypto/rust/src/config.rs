//! What every group and key package of Entangle has in common.

use entangle_arithmetic::Arithmetic;
use openmls::prelude::*;
use openmls_traits::OpenMlsProvider;

use crate::fail::{with, Outcome};
use crate::storage::Store;

/// X-Wing (ML-KEM-768 + X25519), AES-256-GCM, SHA-384, Ed25519: draft-ietf-mls-pq-ciphersuites.
pub const SUITE: Ciphersuite = Ciphersuite::MLS_128_MLKEM768X25519_AES256GCM_SHA384_Ed25519;
/// Private-use extension of the group context (RFC 9420 section 17.3) that holds the group data (roles).
pub const GROUP_DATA: u16 = 0xf0e1;
pub const KEY_PACKAGE_LIFETIME_SECONDS: u64 = 90 * 24 * 3600;
/// OpenMLS sets `not_before` an hour into the past; an hour more for a clock that is off.
const MAX_LIFETIME_SECONDS: u64 = KEY_PACKAGE_LIFETIME_SECONDS + 2 * 3600;
pub const GROUP_ID_BYTES: usize = 16;

const PAST_EPOCHS: usize = 2;
const OUT_OF_ORDER: u32 = 64;
const FORWARD: u32 = 2000;

#[derive(Default)]
pub struct Provider {
    crypto: Arithmetic,
    store: Store,
}

impl OpenMlsProvider for Provider {
    type CryptoProvider = Arithmetic;
    type RandProvider = Arithmetic;
    type StorageProvider = Store;

    fn storage(&self) -> &Store {
        &self.store
    }

    fn crypto(&self) -> &Arithmetic {
        &self.crypto
    }

    fn rand(&self) -> &Arithmetic {
        &self.crypto
    }
}

pub fn capabilities() -> Capabilities {
    Capabilities::new(
        Some(&[ProtocolVersion::Mls10]),
        Some(&[SUITE]),
        Some(&[ExtensionType::Unknown(GROUP_DATA), ExtensionType::LastResort]),
        Some(&[ProposalType::SelfRemove]),
        Some(&[CredentialType::Basic]),
    )
}

pub fn join_config() -> MlsGroupJoinConfig {
    MlsGroupJoinConfig::builder()
        .wire_format_policy(PURE_PLAINTEXT_WIRE_FORMAT_POLICY)
        .padding_size(0)
        .max_past_epochs(PAST_EPOCHS)
        .number_of_resumption_psks(0)
        .use_ratchet_tree_extension(false)
        .sender_ratchet_configuration(SenderRatchetConfiguration::new(OUT_OF_ORDER, FORWARD))
        .build()
}

pub fn create_config(group_data: Vec<u8>) -> Outcome<MlsGroupCreateConfig> {
    Ok(MlsGroupCreateConfig::builder()
        .ciphersuite(SUITE)
        .capabilities(capabilities())
        .lifetime(Lifetime::new(KEY_PACKAGE_LIFETIME_SECONDS))
        .with_group_context_extensions(group_extensions(group_data)?)
        .wire_format_policy(PURE_PLAINTEXT_WIRE_FORMAT_POLICY)
        .padding_size(0)
        .max_past_epochs(PAST_EPOCHS)
        .number_of_resumption_psks(0)
        .use_ratchet_tree_extension(false)
        .sender_ratchet_configuration(SenderRatchetConfiguration::new(OUT_OF_ORDER, FORWARD))
        .build())
}

fn required_capabilities() -> RequiredCapabilitiesExtension {
    RequiredCapabilitiesExtension::new(
        &[ExtensionType::Unknown(GROUP_DATA)],
        &[ProposalType::SelfRemove],
        &[CredentialType::Basic],
    )
}

/// Whether a group is one of Entangle's: our suite, a 16-byte id, our required capabilities, the group data,
/// and no other extension (external senders above all).
pub fn is_sound(context: &GroupContext) -> bool {
    context.ciphersuite() == SUITE
        && context.group_id().as_slice().len() == GROUP_ID_BYTES
        && context.extensions().iter().count() == 2
        && context.extensions().required_capabilities() == Some(&required_capabilities())
        && group_data(context).is_some()
}

pub fn group_extensions(group_data: Vec<u8>) -> Outcome<Extensions<GroupContext>> {
    Extensions::from_vec(vec![
        Extension::RequiredCapabilities(required_capabilities()),
        Extension::Unknown(GROUP_DATA, UnknownExtension(group_data)),
    ])
    .map_err(with("CRYPTO_INVALID_ARGUMENT"))
}

/// RFC 9420 section 7.2 leaves the greatest range to the application.
pub fn has_sound_lifetime(lifetime: &Lifetime) -> bool {
    lifetime.not_after().saturating_sub(lifetime.not_before()) <= MAX_LIFETIME_SECONDS
}

pub fn group_data(context: &GroupContext) -> Option<&[u8]> {
    context.extensions().unknown(GROUP_DATA).map(|extension| extension.0.as_slice())
}
