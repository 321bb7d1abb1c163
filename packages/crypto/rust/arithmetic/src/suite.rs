//! The suite 0x004E behind the interface of OpenMLS: HKDF and HMAC with SHA-384, AES-256-GCM, Ed25519, HPKE.

use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit as _, Mac as _};
use openmls_traits::crypto::OpenMlsCrypto;
use openmls_traits::random::OpenMlsRand;
use openmls_traits::types::{
    AeadType, Ciphersuite, CryptoError, ExporterSecret, HashType, HpkeCiphertext, HpkeConfig, HpkeKeyPair, KemOutput,
    SignatureScheme,
};
use sha2::{Digest as _, Sha384};
use tls_codec::SecretVLBytes;
use zeroize::Zeroizing;

use crate::hpke::hpke;

const SUITE: Ciphersuite = Ciphersuite::MLS_128_MLKEM768X25519_AES256GCM_SHA384_Ed25519;
const NONCE: usize = 12;

type Outcome<T> = Result<T, CryptoError>;

pub fn extract(salt: &[u8], ikm: &[u8]) -> Vec<u8> {
    Hkdf::<Sha384>::extract(Some(salt), ikm).0.to_vec()
}

pub fn expand(prk: &[u8], info: &[u8], length: usize) -> Option<Vec<u8>> {
    let mut okm = vec![0; length];
    Hkdf::<Sha384>::from_prk(prk).ok()?.expand(info, &mut okm).ok()?;
    Some(okm)
}

pub fn seal(key: &[u8], nonce: &[u8], aad: &[u8], msg: &[u8]) -> Option<Vec<u8>> {
    let nonce = <&[u8; NONCE]>::try_from(nonce).ok()?;
    Aes256Gcm::new_from_slice(key).ok()?.encrypt(Nonce::from_slice(nonce), Payload { msg, aad }).ok()
}

pub fn open(key: &[u8], nonce: &[u8], aad: &[u8], msg: &[u8]) -> Option<Vec<u8>> {
    let nonce = <&[u8; NONCE]>::try_from(nonce).ok()?;
    Aes256Gcm::new_from_slice(key).ok()?.decrypt(Nonce::from_slice(nonce), Payload { msg, aad }).ok()
}

fn only_sha384(hash: HashType) -> Outcome<()> {
    if hash == HashType::Sha2_384 { Ok(()) } else { Err(CryptoError::UnsupportedHashAlgorithm) }
}

fn only_aes256(alg: AeadType) -> Outcome<()> {
    if alg == AeadType::Aes256Gcm { Ok(()) } else { Err(CryptoError::UnsupportedAeadAlgorithm) }
}

fn only_ed25519(alg: SignatureScheme) -> Outcome<()> {
    if alg == SignatureScheme::ED25519 { Ok(()) } else { Err(CryptoError::UnsupportedSignatureScheme) }
}

#[derive(Debug, Default)]
pub struct Arithmetic;

impl OpenMlsCrypto for Arithmetic {
    fn supports(&self, ciphersuite: Ciphersuite) -> Outcome<()> {
        if ciphersuite == SUITE { Ok(()) } else { Err(CryptoError::UnsupportedCiphersuite) }
    }

    fn supported_ciphersuites(&self) -> Vec<Ciphersuite> {
        vec![SUITE]
    }

    fn hkdf_extract(&self, hash: HashType, salt: &[u8], ikm: &[u8]) -> Outcome<SecretVLBytes> {
        only_sha384(hash)?;
        Ok(extract(salt, ikm).into())
    }

    fn hkdf_expand(&self, hash: HashType, prk: &[u8], info: &[u8], length: usize) -> Outcome<SecretVLBytes> {
        only_sha384(hash)?;
        Ok(expand(prk, info, length).ok_or(CryptoError::HkdfOutputLengthInvalid)?.into())
    }

    fn hmac(&self, hash: HashType, key: &[u8], message: &[u8]) -> Outcome<SecretVLBytes> {
        only_sha384(hash)?;
        let mut mac = Hmac::<Sha384>::new_from_slice(key).map_err(|_| CryptoError::InvalidLength)?;
        mac.update(message);
        Ok(mac.finalize().into_bytes().to_vec().into())
    }

    fn hash(&self, hash: HashType, data: &[u8]) -> Outcome<Vec<u8>> {
        only_sha384(hash)?;
        Ok(Sha384::digest(data).to_vec())
    }

    fn aead_encrypt(&self, alg: AeadType, key: &[u8], data: &[u8], nonce: &[u8], aad: &[u8]) -> Outcome<Vec<u8>> {
        only_aes256(alg)?;
        seal(key, nonce, aad, data).ok_or(CryptoError::CryptoLibraryError)
    }

    fn aead_decrypt(&self, alg: AeadType, key: &[u8], data: &[u8], nonce: &[u8], aad: &[u8]) -> Outcome<Vec<u8>> {
        only_aes256(alg)?;
        open(key, nonce, aad, data).ok_or(CryptoError::AeadDecryptionError)
    }

    /// Private and public key.
    fn signature_key_gen(&self, alg: SignatureScheme) -> Outcome<(Vec<u8>, Vec<u8>)> {
        only_ed25519(alg)?;
        let key = SigningKey::from_bytes(&self.random_array()?);
        Ok((key.to_bytes().to_vec(), key.verifying_key().to_bytes().to_vec()))
    }

    fn verify_signature(&self, alg: SignatureScheme, data: &[u8], public: &[u8], signature: &[u8]) -> Outcome<()> {
        only_ed25519(alg)?;
        let public = VerifyingKey::try_from(public).map_err(|_| CryptoError::CryptoLibraryError)?;
        let signature = Signature::from_slice(signature).map_err(|_| CryptoError::CryptoLibraryError)?;
        public.verify_strict(data, &signature).map_err(|_| CryptoError::InvalidSignature)
    }

    fn sign(&self, alg: SignatureScheme, data: &[u8], key: &[u8]) -> Outcome<Vec<u8>> {
        only_ed25519(alg)?;
        let key = SigningKey::try_from(key).map_err(|_| CryptoError::CryptoLibraryError)?;
        Ok(key.sign(data).to_vec())
    }

    fn hpke_seal(&self, config: HpkeConfig, public: &[u8], info: &[u8], aad: &[u8], text: &[u8]) -> Outcome<HpkeCiphertext> {
        let sealed = hpke(config)?.seal(&public.into(), info, aad, text, None, None, None);
        let (kem_output, ciphertext) = sealed.map_err(|_| CryptoError::HpkeEncryptionError)?;
        Ok(HpkeCiphertext { kem_output: kem_output.into(), ciphertext: ciphertext.into() })
    }

    fn hpke_open(&self, config: HpkeConfig, input: &HpkeCiphertext, secret: &[u8], info: &[u8], aad: &[u8]) -> Outcome<Vec<u8>> {
        let (sent, text) = (input.kem_output.as_slice(), input.ciphertext.as_slice());
        let opened = hpke(config)?.open(sent, &secret.into(), info, aad, text, None, None, None);
        opened.map_err(|_| CryptoError::HpkeDecryptionError)
    }

    fn hpke_setup_sender_and_export(
        &self, config: HpkeConfig, public: &[u8], info: &[u8], context: &[u8], length: usize,
    ) -> Outcome<(KemOutput, ExporterSecret)> {
        let set_up = hpke(config)?.setup_sender(&public.into(), info, None, None, None);
        let (sent, sender) = set_up.map_err(|_| CryptoError::SenderSetupError)?;
        let secret = sender.export(context, length).map_err(|_| CryptoError::ExporterError)?;
        Ok((sent, secret.into()))
    }

    fn hpke_setup_receiver_and_export(
        &self, config: HpkeConfig, sent: &[u8], secret: &[u8], info: &[u8], context: &[u8], length: usize,
    ) -> Outcome<ExporterSecret> {
        let set_up = hpke(config)?.setup_receiver(sent, &secret.into(), info, None, None, None);
        let receiver = set_up.map_err(|_| CryptoError::ReceiverSetupError)?;
        Ok(receiver.export(context, length).map_err(|_| CryptoError::ExporterError)?.into())
    }

    fn derive_hpke_keypair(&self, config: HpkeConfig, ikm: &[u8]) -> Outcome<HpkeKeyPair> {
        let pair = hpke(config)?.derive_key_pair(ikm).map_err(|_| CryptoError::CryptoLibraryError)?;
        let (private, public) = pair.into_keys();
        Ok(HpkeKeyPair { private: private.as_slice().into(), public: public.as_slice().into() })
    }
}

impl OpenMlsRand for Arithmetic {
    type Error = CryptoError;

    fn random_array<const N: usize>(&self) -> Outcome<[u8; N]> {
        let mut bytes = Zeroizing::new([0; N]);
        getrandom::fill(&mut *bytes).map_err(|_| CryptoError::InsufficientRandomness)?;
        Ok(*bytes)
    }

    fn random_vec(&self, length: usize) -> Outcome<Vec<u8>> {
        let mut bytes = vec![0; length];
        getrandom::fill(&mut bytes).map_err(|_| CryptoError::InsufficientRandomness)?;
        Ok(bytes)
    }
}
