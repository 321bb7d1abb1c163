//! The message cryptography of Entangle: OpenMLS (RFC 9420) and account signatures behind a narrow
//! interface. No protocol of ours lives here; rules that OpenMLS leaves to the application are in
//! `summary.rs` and `key_package.rs`.

mod config;
mod device_key;
mod encode;
mod fail;
mod group;
mod identity;
mod join;
mod js;
mod key_package;
mod process;
mod public_group;
mod storage;
mod summary;
mod welcome;

use js_sys::Uint8Array;
use openmls::prelude::*;
use wasm_bindgen::prelude::*;

use crate::fail::fail;
use crate::js::{bytes, object};

#[wasm_bindgen]
pub fn suite() -> u16 {
    config::SUITE.into()
}

/// The clear header of an MLSMessage; nothing of it is verified.
#[wasm_bindgen(js_name = readHeader)]
pub fn read_header(message: &[u8]) -> Result<JsValue, JsValue> {
    fn of(message: &ProtocolMessage, wire_format: &str) -> JsValue {
        let content = match message.content_type() {
            ContentType::Application => "application",
            ContentType::Proposal => "proposal",
            ContentType::Commit => "commit",
        };
        object([
            ("wireFormat", wire_format.into()),
            ("groupId", bytes(message.group_id().as_slice())),
            ("epoch", message.epoch().as_u64().into()),
            ("contentType", content.into()),
        ])
    }
    fn bare(wire_format: &str, group_id: JsValue, epoch: JsValue) -> JsValue {
        object([
            ("wireFormat", wire_format.into()),
            ("groupId", group_id),
            ("epoch", epoch),
            ("contentType", JsValue::NULL),
        ])
    }
    Ok(match js::parse_message(message)? {
        MlsMessageBodyIn::PublicMessage(public) => of(&public.into(), "public-message"),
        MlsMessageBodyIn::PrivateMessage(private) => of(&private.into(), "private-message"),
        MlsMessageBodyIn::Welcome(_) => bare("welcome", JsValue::NULL, JsValue::NULL),
        MlsMessageBodyIn::GroupInfo(info) => {
            bare("group-info", bytes(info.group_id().as_slice()), info.epoch().as_u64().into())
        }
        MlsMessageBodyIn::KeyPackage(_) => bare("key-package", JsValue::NULL, JsValue::NULL),
    })
}

#[wasm_bindgen(js_name = welcomeRefs)]
pub fn welcome_refs(welcome: &[u8]) -> Result<Vec<Uint8Array>, JsValue> {
    match js::parse_message(welcome)? {
        MlsMessageBodyIn::Welcome(welcome) => Ok(key_package::refs_of_welcome(&welcome)),
        _ => Ok(fail("CRYPTO_MALFORMED", "not a Welcome")?),
    }
}
