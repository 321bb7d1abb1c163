//! What an account key signs with: Ed25519 and ML-DSA-65 (FIPS 204, deterministic, without a context).

use ed25519_dalek::{Signature as EdSignature, Signer as _, SigningKey as EdKey, VerifyingKey as EdPublic};
use ml_dsa::{EncodedSignature, EncodedVerifyingKey, Keypair as _, MlDsa65, Seed, Signature, SigningKey, VerifyingKey};

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

fn ml_key(seed: &[u8; 32]) -> SigningKey<MlDsa65> {
    SigningKey::from_seed(&Seed::from(*seed))
}

pub fn ml_public(seed: &[u8; 32]) -> Vec<u8> {
    ml_key(seed).verifying_key().encode().to_vec()
}

pub fn ml_sign(seed: &[u8; 32], content: &[u8]) -> Option<Vec<u8>> {
    let signature: Signature<MlDsa65> = ml_key(seed).expanded_key().sign_deterministic(content, &[]).ok()?;
    Some(signature.encode().to_vec())
}

pub fn ml_verifies(public: &[u8], content: &[u8], signature: &[u8]) -> Option<bool> {
    let public = VerifyingKey::<MlDsa65>::decode(&EncodedVerifyingKey::<MlDsa65>::try_from(public).ok()?);
    let signature = Signature::<MlDsa65>::decode(&EncodedSignature::<MlDsa65>::try_from(signature).ok()?)?;
    Some(public.verify_with_context(content, &[], &signature))
}
