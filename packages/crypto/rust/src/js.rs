//! Small conversions between the crate and JavaScript values.

use js_sys::{Array, Object, Reflect, Uint8Array};
use openmls::prelude::*;
use tls_codec::Deserialize as _;
use wasm_bindgen::JsValue;

use crate::fail::{fail, with, Outcome};

pub fn bytes(value: &[u8]) -> JsValue {
    Uint8Array::from(value).into()
}

pub fn optional(value: Option<&[u8]>) -> JsValue {
    value.map_or(JsValue::NULL, bytes)
}

pub fn object<const N: usize>(fields: [(&str, JsValue); N]) -> JsValue {
    let object = Object::new();
    for (name, value) in fields {
        // Setting a plain property of a fresh object cannot fail.
        let _ = Reflect::set(&object, &name.into(), &value);
    }
    object.into()
}

pub fn extend<const N: usize>(value: JsValue, fields: [(&'static str, JsValue); N]) -> JsValue {
    let target: Object = value.into();
    for (name, field) in fields {
        // Setting a plain property of a fresh object cannot fail.
        let _ = Reflect::set(&target, &name.into(), &field);
    }
    target.into()
}

pub fn list<T>(items: impl IntoIterator<Item = T>, convert: impl Fn(T) -> JsValue) -> JsValue {
    items.into_iter().map(convert).collect::<Array>().into()
}

pub fn member(leaf_index: u32, credential: &[u8], signature_key: &[u8]) -> JsValue {
    object([
        ("leafIndex", leaf_index.into()),
        ("credential", bytes(credential)),
        ("signatureKey", bytes(signature_key)),
    ])
}

pub fn members(members: impl IntoIterator<Item = Member>) -> JsValue {
    list(members, |one: Member| {
        member(one.index.u32(), one.credential.serialized_content(), &one.signature_key)
    })
}

pub fn byte_arrays(values: Vec<Uint8Array>) -> Vec<Vec<u8>> {
    values.iter().map(Uint8Array::to_vec).collect()
}

pub fn parse_message(message: &[u8]) -> Outcome<MlsMessageBodyIn> {
    let parsed = MlsMessageIn::tls_deserialize_exact(message).map_err(with("CRYPTO_MALFORMED"))?;
    Ok(parsed.extract())
}

pub fn parse_tree(tree: &[u8]) -> Outcome<RatchetTreeIn> {
    RatchetTreeIn::tls_deserialize_exact(tree).map_err(with("CRYPTO_MALFORMED"))
}

pub fn parse_group_info(message: &[u8]) -> Outcome<openmls::messages::group_info::VerifiableGroupInfo> {
    match parse_message(message)? {
        MlsMessageBodyIn::GroupInfo(info) if info.ciphersuite() == crate::config::SUITE => Ok(info),
        MlsMessageBodyIn::GroupInfo(_) => fail("CRYPTO_UNSUPPORTED_SUITE", "group info"),
        _ => fail("CRYPTO_MALFORMED", "not a GroupInfo"),
    }
}

pub fn wire(message: &impl tls_codec::Serialize) -> Outcome<Vec<u8>> {
    message.tls_serialize_detached().map_err(with("CRYPTO_INTERNAL"))
}

/// A CommitBundle of the typed face.
pub fn bundle(commit: &[u8], welcomes: JsValue, info: &[u8], tree: &[u8], epoch: u64, authenticator: &[u8]) -> JsValue {
    object([
        ("commit", bytes(commit)),
        ("welcomes", welcomes),
        ("groupInfo", bytes(info)),
        ("ratchetTree", bytes(tree)),
        ("newEpoch", epoch.into()),
        ("epochAuthenticator", bytes(authenticator)),
    ])
}
