//! What an account key signs with: Ed25519 and ML-DSA-65 (FIPS 204, deterministic, without a context).

use ed25519_dalek::{Signature as EdSignature, Signer as _, SigningKey as EdKey, VerifyingKey as EdPublic};
use libcrux_ml_dsa::ml_dsa_65::portable::{generate_key_pair, sign, verify};
use libcrux_ml_dsa::ml_dsa_65::{MLDSA65Signature, MLDSA65VerificationKey};
use zeroize::Zeroize as _;

const DETERMINISTIC: [u8; 32] = [0; 32];

pub fn ed_public(seed: &[u8; 32]) -> [u8; 32] {
    EdKey::from_bytes(seed).verifying_key().to_bytes()
}

pub fn ed_sign(seed: &[u8; 32], content: &[u8]) -> [u8; 64] {
    EdKey::from_bytes(seed).sign(content).to_bytes()
}

/// None for what is no key or no signature.
pub fn ed_verifies(public: &[u8], content: &[u8], signature: &[u8]) -> Option<bool> {
    let public = EdPublic::from_bytes(public.try_into().ok()?).ok()?;
    let signature = EdSignature::from_slice(signature).ok()?;
    Some(public.verify_strict(content, &signature).is_ok())
}

pub fn ml_public(seed: &[u8; 32]) -> Vec<u8> {
    generate_key_pair(*seed).verification_key.as_slice().to_vec()
}

pub fn ml_sign(seed: &[u8; 32], content: &[u8]) -> Option<Vec<u8>> {
    let mut key = generate_key_pair(*seed).signing_key;
    let signature = sign(&key, content, &[], DETERMINISTIC).ok();
    key.as_mut_slice().zeroize();
    Some(signature?.as_slice().to_vec())
}

/// None for what has not the length of a key or of a signature.
pub fn ml_verifies(public: &[u8], content: &[u8], signature: &[u8]) -> Option<bool> {
    let public = MLDSA65VerificationKey::new(public.try_into().ok()?);
    let signature = MLDSA65Signature::new(signature.try_into().ok()?);
    Some(verify(&public, content, &[], &signature).is_ok())
}
