//! The signature key of a device (Ed25519), stored as `openmls_basic_credential` stores it: that crate would
//! bring the arithmetic of two more curves into the binary.

use entangle_arithmetic::Arithmetic;
use openmls_traits::crypto::OpenMlsCrypto as _;
use openmls_traits::signatures::{Signer, SignerError};
use openmls_traits::storage::{traits, Entity, Key, StorageProvider as _, CURRENT_VERSION};
use openmls_traits::types::SignatureScheme;
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

use crate::fail::{with, Outcome};
use crate::storage::Store;

const SCHEME: SignatureScheme = SignatureScheme::ED25519;

#[derive(Serialize, Deserialize)]
pub struct DeviceKey {
    private: Vec<u8>,
    public: Vec<u8>,
    signature_scheme: SignatureScheme,
}

#[derive(Debug, Serialize)]
struct KeyId {
    value: Vec<u8>,
}

impl Key<CURRENT_VERSION> for KeyId {}
impl traits::SignaturePublicKey<CURRENT_VERSION> for KeyId {}
impl Entity<CURRENT_VERSION> for DeviceKey {}
impl traits::SignatureKeyPair<CURRENT_VERSION> for DeviceKey {}

fn id(public: &[u8]) -> KeyId {
    KeyId { value: [public, b"RustCryptoSignatureKey", &(SCHEME as u16).to_be_bytes()].concat() }
}

impl DeviceKey {
    /// Makes a key and stores it.
    pub fn create(store: &Store) -> Outcome<Self> {
        let (private, public) = Arithmetic.signature_key_gen(SCHEME).map_err(with("CRYPTO_INTERNAL"))?;
        let key = Self { private, public, signature_scheme: SCHEME };
        store.write_signature_key_pair(&id(&key.public), &key).map_err(with("CRYPTO_INTERNAL"))?;
        Ok(key)
    }

    pub fn read(store: &Store, public: &[u8]) -> Option<Self> {
        store.signature_key_pair(&id(public)).ok().flatten()
    }

    pub fn delete(store: &Store, public: &[u8]) -> Outcome<()> {
        store.delete_signature_key_pair(&id(public)).map_err(with("CRYPTO_INTERNAL"))
    }

    pub fn public(&self) -> &[u8] {
        &self.public
    }
}

impl Signer for DeviceKey {
    fn sign(&self, payload: &[u8]) -> Result<Vec<u8>, SignerError> {
        Arithmetic.sign(self.signature_scheme, payload, &self.private).map_err(SignerError::CryptoError)
    }

    fn signature_scheme(&self) -> SignatureScheme {
        self.signature_scheme
    }
}

impl Drop for DeviceKey {
    fn drop(&mut self) {
        self.private.zeroize();
    }
}
