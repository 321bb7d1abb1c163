//! A refusal: a stable code of the catalogue in `src/errors.ts` and a detail for logs.

use core::fmt::Debug;

use openmls::framing::errors::MessageDecryptionError;
use openmls::prelude::*;
use wasm_bindgen::JsValue;

pub struct Fail {
    pub code: &'static str,
    pub detail: String,
}

pub type Outcome<T> = Result<T, Fail>;

pub fn fail<T>(code: &'static str, detail: impl Into<String>) -> Outcome<T> {
    Err(Fail { code, detail: detail.into() })
}

/// Turns any error of the library into a refusal with the given code. Its Debug text names no secret.
pub fn with<E: Debug>(code: &'static str) -> impl FnOnce(E) -> Fail {
    move |error| Fail { code, detail: format!("{error:?}").chars().take(200).collect() }
}

impl From<Fail> for JsValue {
    fn from(fail: Fail) -> Self {
        JsValue::from_str(&format!("{}|{}", fail.code, fail.detail))
    }
}

/// A generation or an epoch out of reach: in the current epoch the former, in a past one no matter which.
const TOO_OLD: &str = "CRYPTO_REPLAY";

/// As [`from_process`], for a message of a past epoch.
pub fn from_past_process<E: Debug>(error: ProcessMessageError<E>) -> Fail {
    let reused = format!("{error:?}").contains("SecretReuseError");
    let refusal = from_process(error);
    if refusal.code == TOO_OLD && !reused {
        return Fail { code: "CRYPTO_EPOCH_PAST", ..refusal };
    }
    refusal
}

pub fn from_process<E: Debug>(error: ProcessMessageError<E>) -> Fail {
    let code = match &error {
        ProcessMessageError::ValidationError(validation) => validation_code(validation),
        ProcessMessageError::GroupStateError(MlsGroupStateError::UseAfterEviction) => "CRYPTO_GROUP_INACTIVE",
        ProcessMessageError::InvalidCommit(commit) => commit_code(commit),
        ProcessMessageError::IncompatibleWireFormat
        | ProcessMessageError::UnauthorizedExternalApplicationMessage
        | ProcessMessageError::UnauthorizedExternalCommitMessage
        | ProcessMessageError::UnsupportedProposalType => "CRYPTO_PROPOSAL_REFUSED",
        ProcessMessageError::StorageError(_) => "CRYPTO_STATE_CORRUPT",
        _ => "CRYPTO_INTERNAL",
    };
    with(code)(error)
}

pub fn from_public_process(error: PublicProcessMessageError) -> Fail {
    let code = match &error {
        PublicProcessMessageError::ValidationError(validation) => validation_code(validation),
        PublicProcessMessageError::InvalidCommit(commit) => commit_code(commit),
        _ => "CRYPTO_PROPOSAL_REFUSED",
    };
    with(code)(error)
}

fn validation_code(error: &ValidationError) -> &'static str {
    match error {
        ValidationError::WrongGroupId => "CRYPTO_WRONG_GROUP",
        ValidationError::WrongEpoch | ValidationError::NoPastEpochData => "CRYPTO_EPOCH_PAST",
        ValidationError::UnknownMember | ValidationError::NonMemberApplicationMessage => "CRYPTO_SENDER_UNKNOWN",
        ValidationError::InvalidSignature
        | ValidationError::InvalidMembershipTag
        | ValidationError::MissingMembershipTag
        | ValidationError::InvalidLeafNodeSignature => "CRYPTO_SIGNATURE_INVALID",
        ValidationError::UnableToDecrypt(decryption) => match decryption {
            MessageDecryptionError::AeadError => "CRYPTO_DECRYPT_FAILED",
            MessageDecryptionError::GenerationOutOfBound => TOO_OLD,
            // The library keeps this enum private; its variant names are all there is to tell them apart.
            MessageDecryptionError::SecretTreeError(tree) => match format!("{tree:?}").as_str() {
                "TooDistantInThePast" => TOO_OLD,
                "SecretReuseError" => "CRYPTO_REPLAY",
                "TooDistantInTheFuture" => "CRYPTO_GENERATION_TOO_FAR",
                "IndexOutOfBounds" => "CRYPTO_SENDER_UNKNOWN",
                "RatchetTypeError" => "CRYPTO_OWN_MESSAGE",
                _ => "CRYPTO_DECRYPT_FAILED",
            },
            MessageDecryptionError::MalformedContent => "CRYPTO_MALFORMED",
            _ => "CRYPTO_DECRYPT_FAILED",
        },
        _ => "CRYPTO_COMMIT_INVALID",
    }
}

fn commit_code(error: &StageCommitError) -> &'static str {
    match error {
        StageCommitError::MissingProposal => "CRYPTO_PROPOSAL_MISSING",
        StageCommitError::OwnCommitMismatch => "CRYPTO_OWN_MESSAGE",
        StageCommitError::EpochMismatch => "CRYPTO_EPOCH_PAST",
        _ => "CRYPTO_COMMIT_INVALID",
    }
}
