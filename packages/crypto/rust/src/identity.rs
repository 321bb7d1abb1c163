//! Signatures outside MLS: the account key (Ed25519 and ML-DSA-65, both must verify) and the device key.
//!
//! A signed content starts with a text that no MLS SignContent (RFC 9420 section 5.1.2) can start with:
//! those begin with a length and "MLS 1.0 ".

use entangle_arithmetic::account;
use wasm_bindgen::prelude::*;
use zeroize::Zeroizing;

use crate::fail::{fail, with, Outcome};

pub const ACCOUNT: &[u8] = b"Entangle account signature v1\0";
pub const DEVICE: &[u8] = b"Entangle device signature v1\0";
const SEED: usize = 32;
const ED_PUBLIC: usize = 32;
const ED_SIGNATURE: usize = 64;

pub fn content(domain: &[u8], label: &str, message: &[u8]) -> Outcome<Vec<u8>> {
    let Ok(length) = u8::try_from(label.len()) else {
        return fail("CRYPTO_INVALID_ARGUMENT", "label over 255 bytes");
    };
    Ok([domain, &[length], label.as_bytes(), message].concat())
}

/// For Ed25519, for ML-DSA.
fn two_seeds(seeds: &[u8]) -> Outcome<(&[u8; SEED], &[u8; SEED])> {
    match seeds.split_first_chunk().map(|(ed, ml)| (ed, ml.try_into())) {
        Some((ed, Ok(ml))) => Ok((ed, ml)),
        _ => fail("CRYPTO_INVALID_ARGUMENT", "account seeds"),
    }
}

#[wasm_bindgen(js_name = accountSeeds)]
pub fn account_seeds() -> Result<Vec<u8>, JsValue> {
    let mut seeds = Zeroizing::new([0u8; 64]);
    getrandom::fill(&mut *seeds).map_err(with("CRYPTO_INTERNAL"))?;
    Ok(seeds.to_vec())
}

#[wasm_bindgen(js_name = accountPublicKey)]
pub fn account_public_key(seeds: &[u8]) -> Result<Vec<u8>, JsValue> {
    let (ed, ml) = two_seeds(seeds)?;
    Ok([&account::ed_public(ed)[..], &account::ml_public(ml)].concat())
}

#[wasm_bindgen(js_name = accountSign)]
pub fn account_sign(seeds: &[u8], label: &str, message: &[u8]) -> Result<Vec<u8>, JsValue> {
    let (ed, ml) = two_seeds(seeds)?;
    let content = content(ACCOUNT, label, message)?;
    let Some(ml_signature) = account::ml_sign(ml, &content) else {
        return Ok(fail("CRYPTO_INTERNAL", "ML-DSA")?);
    };
    Ok([&account::ed_sign(ed, &content)[..], &ml_signature].concat())
}

fn account_verifies(public: &[u8], label: &str, message: &[u8], signature: &[u8]) -> Option<bool> {
    let content = content(ACCOUNT, label, message).ok()?;
    let (ed_public, ml_public) = public.split_at_checked(ED_PUBLIC)?;
    let (ed_signature, ml_signature) = signature.split_at_checked(ED_SIGNATURE)?;
    let ed = account::ed_verifies(ed_public, &content, ed_signature)?;
    Some(account::ml_verifies(ml_public, &content, ml_signature)? & ed)
}

#[wasm_bindgen(js_name = accountVerify)]
pub fn account_verify(public: &[u8], label: &str, message: &[u8], signature: &[u8]) -> bool {
    account_verifies(public, label, message, signature).unwrap_or(false)
}

#[wasm_bindgen(js_name = deviceVerify)]
pub fn device_verify(public: &[u8], label: &str, message: &[u8], signature: &[u8]) -> bool {
    content(DEVICE, label, message)
        .ok()
        .and_then(|content| account::ed_verifies(public, &content, signature))
        .unwrap_or(false)
}
