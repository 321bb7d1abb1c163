//! Signatures outside MLS: the account key (Ed25519 and ML-DSA-65, both must verify) and the device key.
//!
//! A signed content starts with a text that no MLS SignContent (RFC 9420 section 5.1.2) can start with:
//! those begin with a length and "MLS 1.0 ".

use ed25519_dalek::{Signature as EdSignature, Signer as _, SigningKey as EdKey, VerifyingKey as EdPublic};
use ml_dsa::{EncodedSignature, EncodedVerifyingKey, Keypair as _, MlDsa65, Signature, SigningKey, VerifyingKey};
use wasm_bindgen::prelude::*;
use zeroize::Zeroizing;

use crate::fail::{fail, with, Outcome};

pub const ACCOUNT: &[u8] = b"Entangle account signature v1\0";
pub const DEVICE: &[u8] = b"Entangle device signature v1\0";
const ED_PUBLIC: usize = 32;
const ED_SIGNATURE: usize = 64;

pub fn content(domain: &[u8], label: &str, message: &[u8]) -> Outcome<Vec<u8>> {
    let Ok(length) = u8::try_from(label.len()) else {
        return fail("CRYPTO_INVALID_ARGUMENT", "label over 255 bytes");
    };
    Ok([domain, &[length], label.as_bytes(), message].concat())
}

fn account_keys(seeds: &[u8]) -> Outcome<(EdKey, SigningKey<MlDsa65>)> {
    let Some((ed, ml)) = seeds.split_first_chunk::<32>() else {
        return fail("CRYPTO_INVALID_ARGUMENT", "account seeds");
    };
    let seed = ml_dsa::Seed::try_from(ml).map_err(with("CRYPTO_INVALID_ARGUMENT"))?;
    Ok((EdKey::from_bytes(ed), SigningKey::from_seed(&seed)))
}

#[wasm_bindgen(js_name = accountSeeds)]
pub fn account_seeds() -> Result<Vec<u8>, JsValue> {
    let mut seeds = Zeroizing::new([0u8; 64]);
    getrandom::fill(&mut *seeds).map_err(with("CRYPTO_INTERNAL"))?;
    Ok(seeds.to_vec())
}

#[wasm_bindgen(js_name = accountPublicKey)]
pub fn account_public_key(seeds: &[u8]) -> Result<Vec<u8>, JsValue> {
    let (ed, ml) = account_keys(seeds)?;
    Ok([&ed.verifying_key().to_bytes()[..], &ml.verifying_key().encode()[..]].concat())
}

#[wasm_bindgen(js_name = accountSign)]
pub fn account_sign(seeds: &[u8], label: &str, message: &[u8]) -> Result<Vec<u8>, JsValue> {
    let (ed, ml) = account_keys(seeds)?;
    let content = content(ACCOUNT, label, message)?;
    let ml_signature: Signature<MlDsa65> = ml.expanded_key().sign_deterministic(&content, &[]).map_err(with("CRYPTO_INTERNAL"))?;
    Ok([&ed.sign(&content).to_bytes()[..], &ml_signature.encode()[..]].concat())
}

fn account_verifies(public: &[u8], label: &str, message: &[u8], signature: &[u8]) -> Option<bool> {
    let content = content(ACCOUNT, label, message).ok()?;
    let (ed_public, ml_public) = public.split_at_checked(ED_PUBLIC)?;
    let (ed_signature, ml_signature) = signature.split_at_checked(ED_SIGNATURE)?;
    let ml_public = VerifyingKey::<MlDsa65>::decode(&EncodedVerifyingKey::<MlDsa65>::try_from(ml_public).ok()?);
    let ml_signature = Signature::<MlDsa65>::decode(&EncodedSignature::<MlDsa65>::try_from(ml_signature).ok()?)?;
    let ed = ed_verifies(ed_public, &content, ed_signature)?;
    Some(ed & ml_public.verify_with_context(&content, &[], &ml_signature))
}

fn ed_verifies(public: &[u8], content: &[u8], signature: &[u8]) -> Option<bool> {
    let public = EdPublic::from_bytes(public.try_into().ok()?).ok()?;
    let signature = EdSignature::from_slice(signature).ok()?;
    Some(public.verify_strict(content, &signature).is_ok())
}

#[wasm_bindgen(js_name = accountVerify)]
pub fn account_verify(public: &[u8], label: &str, message: &[u8], signature: &[u8]) -> bool {
    account_verifies(public, label, message, signature).unwrap_or(false)
}

#[wasm_bindgen(js_name = deviceVerify)]
pub fn device_verify(public: &[u8], label: &str, message: &[u8], signature: &[u8]) -> bool {
    content(DEVICE, label, message)
        .ok()
        .and_then(|content| ed_verifies(public, &content, signature))
        .unwrap_or(false)
}
