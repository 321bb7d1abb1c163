//! X-Wing (draft-connolly-cfrg-xwing-kem): ML-KEM-768 and X25519 under one hash.
//!
//! Composed here because the crate `x-wing` expands a decapsulation key twice for each use, and does so
//! with a second Curve25519 beside that of the signatures, one without tables.

use libcrux_ml_kem::mlkem768::portable::{encapsulate as ml_encapsulate, unpacked, validate_public_key};
use libcrux_ml_kem::mlkem768::{MlKem768Ciphertext, MlKem768PublicKey};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

const LABEL: &[u8] = br"\.//^\";
const X25519: usize = 32;
const ML_SEED: usize = 64;

pub const SEED: usize = 32;
pub const RANDOMNESS: usize = 64;

struct Secret {
    ml: unpacked::MlKem768KeyPairUnpacked,
    x: StaticSecret,
}

fn expand(seed: &[u8; SEED]) -> Secret {
    let mut seeds = Zeroizing::new([0; ML_SEED + X25519]);
    libcrux_sha3::shake256_ema(&mut *seeds, seed);
    let (mut ml, mut x) = (Zeroizing::new([0; ML_SEED]), Zeroizing::new([0; X25519]));
    ml.copy_from_slice(&seeds[..ML_SEED]);
    x.copy_from_slice(&seeds[ML_SEED..]);
    Secret { ml: unpacked::generate_key_pair(*ml), x: StaticSecret::from(*x) }
}

fn combine(ml: &[u8; 32], x: &[u8; X25519], sent: &PublicKey, public: &PublicKey) -> Vec<u8> {
    let all = Zeroizing::new([ml, x, &sent.as_bytes()[..], public.as_bytes(), LABEL].concat());
    libcrux_sha3::sha256(&all).to_vec()
}

fn split_x25519(bytes: &[u8]) -> Option<(&[u8], PublicKey)> {
    let (ml, x) = bytes.split_last_chunk::<X25519>()?;
    Some((ml, PublicKey::from(*x)))
}

pub fn public_of(seed: &[u8; SEED]) -> Vec<u8> {
    let Secret { ml, x } = expand(seed);
    let ml_public = unpacked::key_pair_serialized_public_key(&ml);
    [ml_public.as_ref(), PublicKey::from(&x).as_bytes()].concat()
}

/// The shared secret and what to send; none for what is no public key.
pub fn encapsulate(public: &[u8], randomness: &[u8; RANDOMNESS]) -> Option<(Vec<u8>, Vec<u8>)> {
    let (ml_public, x_public) = split_x25519(public)?;
    let ml_public = MlKem768PublicKey::try_from(ml_public).ok().filter(validate_public_key)?;
    let (ml_random, x_random) = randomness.split_first_chunk::<32>()?;
    let (ml_sent, ml_shared) = ml_encapsulate(&ml_public, *ml_random);
    let x = StaticSecret::from(<[u8; X25519]>::try_from(x_random).ok()?);
    let x_sent = PublicKey::from(&x);
    let shared = combine(&ml_shared, x.diffie_hellman(&x_public).as_bytes(), &x_sent, &x_public);
    Some((shared, [ml_sent.as_ref(), x_sent.as_bytes()].concat()))
}

/// The shared secret; none if what was sent has not the right length.
pub fn decapsulate(seed: &[u8; SEED], sent: &[u8]) -> Option<Vec<u8>> {
    let (ml_sent, x_sent) = split_x25519(sent)?;
    let ml_sent = MlKem768Ciphertext::try_from(ml_sent).ok()?;
    let Secret { ml, x } = expand(seed);
    let ml_shared = unpacked::decapsulate(&ml, &ml_sent);
    Some(combine(&ml_shared, x.diffie_hellman(&x_sent).as_bytes(), &x_sent, &PublicKey::from(&x)))
}

#[cfg(test)]
mod test {
    use super::*;
    use x_wing::kem::{Decapsulate as _, Decapsulator as _, TryKeyInit as _};

    #[test]
    fn agrees_with_the_reference() {
        for round in 0..50u8 {
            let seed = [round; SEED];
            let randomness = [round ^ 0x5a; RANDOMNESS];
            let key = x_wing::DecapsulationKey::from(seed);
            let public = public_of(&seed);
            assert_eq!(public, x_wing::kem::KeyExport::to_bytes(key.encapsulation_key())[..]);
            let reference = x_wing::EncapsulationKey::new_from_slice(&public).expect("a public key");
            let (sent, shared) = reference.encapsulate_deterministic(&randomness.into());
            assert_eq!(encapsulate(&public, &randomness), Some((shared.to_vec(), sent.to_vec())));
            assert_eq!(decapsulate(&seed, &sent), Some(shared.to_vec()));
            let mut other = sent;
            other[usize::from(round)] ^= 1;
            assert_eq!(decapsulate(&seed, &other), Some(key.decapsulate(&other).to_vec()));
        }
    }

    #[test]
    fn refuses_what_is_too_short_or_no_key() {
        let public = public_of(&[1; SEED]);
        assert_eq!(encapsulate(&public[1..], &[0; RANDOMNESS]), None);
        assert_eq!(encapsulate(&[0xff; 1216], &[0; RANDOMNESS]), None);
        assert_eq!(encapsulate(&[], &[0; RANDOMNESS]), None);
        assert_eq!(decapsulate(&[1; SEED], &public[..1119]), None);
    }
}
