//! HPKE (RFC 9180) as the suite has it: X-Wing, HKDF-SHA-384, AES-256-GCM.

use hpke_rs::{Hpke, Mode};
use hpke_rs_crypto::error::Error;
use hpke_rs_crypto::types::{AeadAlgorithm, KdfAlgorithm, KemAlgorithm};
use hpke_rs_crypto::{HpkeCrypto, HpkeTestRng, TryCryptoRng, TryRng};
use openmls_traits::types::{CryptoError, HpkeAeadType, HpkeConfig, HpkeKdfType, HpkeKemType};
use zeroize::{Zeroize, Zeroizing};

use crate::suite;
use crate::x_wing;

#[derive(Debug)]
pub struct SuiteHpke;

pub fn hpke(config: HpkeConfig) -> Result<Hpke<SuiteHpke>, CryptoError> {
    match config {
        HpkeConfig(HpkeKemType::XWingKemDraft6, HpkeKdfType::HkdfSha384, HpkeAeadType::AesGcm256) => Ok(Hpke::new(
            Mode::Base,
            KemAlgorithm::XWingDraft06,
            KdfAlgorithm::HkdfSha384,
            AeadAlgorithm::Aes256Gcm,
        )),
        _ => Err(CryptoError::UnsupportedCiphersuite),
    }
}

fn seed(bytes: &[u8]) -> Result<&[u8; x_wing::SEED], Error> {
    bytes.try_into().map_err(|_| Error::KemInvalidSecretKey)
}

impl HpkeCrypto for SuiteHpke {
    type HpkePrng = SystemRandom;

    fn name() -> String {
        "Entangle".into()
    }

    fn supports_kdf(alg: KdfAlgorithm) -> Result<(), Error> {
        if alg == KdfAlgorithm::HkdfSha384 { Ok(()) } else { Err(Error::UnknownKdfAlgorithm) }
    }

    fn supports_kem(alg: KemAlgorithm) -> Result<(), Error> {
        if alg == KemAlgorithm::XWingDraft06 { Ok(()) } else { Err(Error::UnknownKemAlgorithm) }
    }

    fn supports_aead(alg: AeadAlgorithm) -> Result<(), Error> {
        if alg == AeadAlgorithm::Aes256Gcm { Ok(()) } else { Err(Error::UnknownAeadAlgorithm) }
    }

    fn prng() -> SystemRandom {
        SystemRandom
    }

    fn kdf_extract(_: KdfAlgorithm, salt: &[u8], ikm: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(suite::extract(salt, ikm))
    }

    fn kdf_expand(_: KdfAlgorithm, prk: &[u8], info: &[u8], output_size: usize) -> Result<Vec<u8>, Error> {
        suite::expand(prk, info, output_size).ok_or(Error::HpkeInvalidOutputLength)
    }

    fn dh(_: KemAlgorithm, _: &[u8], _: &[u8]) -> Result<Vec<u8>, Error> {
        Err(Error::UnknownKemAlgorithm)
    }

    fn secret_to_public(_: KemAlgorithm, _: &[u8]) -> Result<Vec<u8>, Error> {
        Err(Error::UnknownKemAlgorithm)
    }

    fn dh_validate_sk(_: KemAlgorithm, _: &[u8]) -> Result<Vec<u8>, Error> {
        Err(Error::UnknownKemAlgorithm)
    }

    fn kem_key_gen(alg: KemAlgorithm, _: &mut SystemRandom) -> Result<(Vec<u8>, Vec<u8>), Error> {
        let mut seed = Zeroizing::new([0; x_wing::SEED]);
        getrandom::fill(&mut *seed).map_err(|_| Error::InsufficientRandomness)?;
        Self::kem_key_gen_derand(alg, &*seed)
    }

    fn kem_key_gen_derand(_: KemAlgorithm, bytes: &[u8]) -> Result<(Vec<u8>, Vec<u8>), Error> {
        Ok((x_wing::public_of(seed(bytes)?), bytes.to_vec()))
    }

    fn kem_encaps(_: KemAlgorithm, public: &[u8], _: &mut SystemRandom) -> Result<(Vec<u8>, Vec<u8>), Error> {
        let mut randomness = Zeroizing::new([0; x_wing::RANDOMNESS]);
        getrandom::fill(&mut *randomness).map_err(|_| Error::InsufficientRandomness)?;
        x_wing::encapsulate(public, &randomness).ok_or(Error::KemInvalidPublicKey)
    }

    fn kem_decaps(_: KemAlgorithm, sent: &[u8], secret: &[u8]) -> Result<Vec<u8>, Error> {
        x_wing::decapsulate(seed(secret)?, sent).ok_or(Error::KemInvalidCiphertext)
    }

    fn aead_seal(_: AeadAlgorithm, key: &[u8], nonce: &[u8], aad: &[u8], msg: &[u8]) -> Result<Vec<u8>, Error> {
        suite::seal(key, nonce, aad, msg).ok_or(Error::AeadInvalidCiphertext)
    }

    fn aead_open(_: AeadAlgorithm, key: &[u8], nonce: &[u8], aad: &[u8], msg: &[u8]) -> Result<Vec<u8>, Error> {
        suite::open(key, nonce, aad, msg).ok_or(Error::AeadOpenError)
    }
}

/// The generator of the browser or of the operating system, without one of ours in between.
pub struct SystemRandom;

impl TryRng for SystemRandom {
    type Error = core::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Ok(getrandom::u32().expect("random bytes"))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        Ok(getrandom::u64().expect("random bytes"))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        getrandom::fill(bytes).expect("random bytes");
        Ok(())
    }
}

impl TryCryptoRng for SystemRandom {}

impl Zeroize for SystemRandom {
    fn zeroize(&mut self) {}
}

impl HpkeTestRng for SystemRandom {
    type Error = Error;

    fn try_fill_test_bytes(&mut self, _: &mut [u8]) -> Result<(), Error> {
        Err(Error::InsufficientRandomness)
    }

    fn seed(&mut self, _: &[u8]) {}
}
