//! One Welcome for each joiner: the same encrypted GroupInfo, only that joiner's group secrets
//! (RFC 9420 section 12.4.3.1), so that no joiner downloads what is meant for the others.

use openmls::ciphersuite::hash_ref::KeyPackageRef;
use openmls::messages::{EncryptedGroupSecrets, Welcome};

use crate::fail::{fail, Outcome};
use crate::js::wire;

/// MLSMessage: version mls10 (1), wire format mls_welcome (3).
const HEADER: [u8; 4] = [0, 1, 0, 3];
const SUITE_BYTES: usize = 2;

pub fn one_per_joiner(welcome: &Welcome, joiners: &[KeyPackageRef]) -> Outcome<Vec<(Vec<u8>, Vec<u8>)>> {
    let whole = wire(welcome)?;
    let secrets: Vec<EncryptedGroupSecrets> = welcome.secrets().to_vec();
    let Some((suite, rest)) = whole.split_at_checked(SUITE_BYTES) else {
        return fail("CRYPTO_INTERNAL", "welcome");
    };
    let Some(group_info) = rest.get(wire(&secrets)?.len()..) else {
        return fail("CRYPTO_INTERNAL", "welcome");
    };
    joiners
        .iter()
        .map(|joiner| {
            let Some(secret) = secrets.iter().find(|secret| &secret.new_member() == joiner) else {
                return fail("CRYPTO_INTERNAL", "joiner without secrets");
            };
            let own = wire(&vec![secret.clone()])?;
            Ok((joiner.as_slice().to_vec(), [&HEADER[..], suite, &own, group_info].concat()))
        })
        .collect()
}
