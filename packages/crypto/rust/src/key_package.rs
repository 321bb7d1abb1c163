//! Key packages: generating them, and the checks of whoever stores, claims or adds one.

use entangle_arithmetic::Arithmetic;
use js_sys::Uint8Array;
use openmls::prelude::*;
use openmls_traits::OpenMlsProvider;
use tls_codec::Deserialize as _;
use wasm_bindgen::prelude::*;

use crate::config::{capabilities, has_sound_lifetime, Provider, KEY_PACKAGE_LIFETIME_SECONDS, SUITE};
use crate::device_key::DeviceKey;
use crate::fail::{fail, with, Outcome};
use crate::js::{bytes, object, wire};

pub fn generate(provider: &Provider, signer: &DeviceKey, credential: CredentialWithKey, last_resort: bool) -> Outcome<JsValue> {
    let mut builder = KeyPackage::builder()
        .leaf_node_capabilities(capabilities())
        .key_package_lifetime(Lifetime::new(KEY_PACKAGE_LIFETIME_SECONDS));
    if last_resort {
        builder = builder.mark_as_last_resort();
    }
    let bundle = builder.build(SUITE, provider, signer, credential).map_err(with("CRYPTO_INTERNAL"))?;
    let package = bundle.key_package();
    let reference = package.hash_ref(provider.crypto()).map_err(with("CRYPTO_INTERNAL"))?;
    Ok(object([
        ("keyPackage", bytes(&wire(&MlsMessageOut::from(package.clone()))?)),
        ("ref", bytes(reference.as_slice())),
        ("lastResort", last_resort.into()),
        ("expiresAtMs", (package.life_time().not_after() as f64 * 1000.0).into()),
    ]))
}

/// Signature, suite, version, lifetime and its range, capabilities, and the kind of credential.
pub fn parse_valid(crypto: &Arithmetic, message: &[u8]) -> Outcome<KeyPackage> {
    let parsed = MlsMessageIn::tls_deserialize_exact(message).map_err(with("CRYPTO_MALFORMED"))?;
    let MlsMessageBodyIn::KeyPackage(unchecked) = parsed.extract() else {
        return fail("CRYPTO_MALFORMED", "not a key package");
    };
    let package = unchecked.validate(crypto, ProtocolVersion::Mls10).map_err(|error| match error {
        KeyPackageVerifyError::LifetimeError(_) => with("CRYPTO_KEY_PACKAGE_EXPIRED")(error),
        _ => with("CRYPTO_KEY_PACKAGE_INVALID")(error),
    })?;
    if package.ciphersuite() != SUITE {
        return fail("CRYPTO_UNSUPPORTED_SUITE", "key package");
    }
    let leaf = package.leaf_node();
    let needed = capabilities();
    let has = leaf.capabilities();
    let capable = needed.extensions().iter().all(|one| has.extensions().contains(one))
        && needed.proposals().iter().all(|one| has.proposals().contains(one));
    if !capable || leaf.credential().credential_type() != CredentialType::Basic {
        return fail("CRYPTO_KEY_PACKAGE_INVALID", "capabilities or credential type");
    }
    if !has_sound_lifetime(package.life_time()) {
        return fail("CRYPTO_KEY_PACKAGE_INVALID", "lifetime too long");
    }
    Ok(package)
}

#[wasm_bindgen(js_name = validateKeyPackage)]
pub fn validate_key_package(message: &[u8], now_ms: f64) -> Result<JsValue, JsValue> {
    let crypto = Arithmetic;
    let package = parse_valid(&crypto, message)?;
    let lifetime = package.life_time();
    let (not_before, not_after) = (lifetime.not_before() as f64 * 1000.0, lifetime.not_after() as f64 * 1000.0);
    if !(not_before..not_after).contains(&now_ms) {
        return Ok(fail("CRYPTO_KEY_PACKAGE_EXPIRED", "lifetime")?);
    }
    let reference = package.hash_ref(&crypto).map_err(with("CRYPTO_INTERNAL"))?;
    Ok(object([
        ("ref", bytes(reference.as_slice())),
        ("credential", bytes(package.leaf_node().credential().serialized_content())),
        ("signatureKey", bytes(package.leaf_node().signature_key().as_slice())),
        ("lastResort", package.last_resort().into()),
        ("suite", u32::from(u16::from(package.ciphersuite())).into()),
        ("notBeforeMs", not_before.into()),
        ("notAfterMs", not_after.into()),
    ]))
}

pub fn refs_of_welcome(welcome: &Welcome) -> Vec<Uint8Array> {
    welcome.secrets().iter().map(|secret| Uint8Array::from(secret.new_member().as_slice())).collect()
}
