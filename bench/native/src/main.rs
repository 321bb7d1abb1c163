//! The same work as `bench/src/crypto/crypto.ts`, by OpenMLS compiled for this machine: one line a figure.
//! Usage: entangle_bench_native MEMBERS

use std::hint::black_box;
use std::time::Instant;

use openmls::prelude::tls_codec::Deserialize as _;
use openmls::prelude::*;
use openmls_basic_credential::SignatureKeyPair;
use openmls_rust_crypto::OpenMlsRustCrypto;
use openmls_traits::OpenMlsProvider;

const SUITE: Ciphersuite = Ciphersuite::MLS_128_MLKEM768X25519_AES256GCM_SHA384_Ed25519;
const KEY_PACKAGES: usize = 51;
const ADDS_PER_COMMIT: usize = 256;
const SENDS: usize = 51;
const TEXT_BYTES: usize = 256;

struct Device {
    provider: OpenMlsRustCrypto,
    signer: SignatureKeyPair,
    credential: CredentialWithKey,
}

impl Device {
    fn new() -> Self {
        let provider = OpenMlsRustCrypto::default();
        let signer = SignatureKeyPair::new(SUITE.signature_algorithm()).expect("a signature key");
        signer.store(provider.storage()).expect("stored");
        // As long as a credential of Entangle: account, device, hash of the certificate.
        let credential = CredentialWithKey {
            credential: BasicCredential::new(vec![7; 64]).into(),
            signature_key: signer.public().into(),
        };
        Self { provider, signer, credential }
    }

    fn key_package(&self) -> KeyPackage {
        KeyPackage::builder()
            .build(SUITE, &self.provider, &self.signer, self.credential.clone())
            .expect("a key package")
            .key_package()
            .clone()
    }

    fn create(&self) -> MlsGroup {
        let config = MlsGroupCreateConfig::builder()
            .ciphersuite(SUITE)
            .wire_format_policy(PURE_PLAINTEXT_WIRE_FORMAT_POLICY)
            .max_past_epochs(2)
            .use_ratchet_tree_extension(false)
            .build();
        MlsGroup::new(&self.provider, &self.signer, &config, self.credential.clone()).expect("a group")
    }

    fn join(&self, welcome: MlsMessageOut, tree: RatchetTreeIn) -> MlsGroup {
        let config = MlsGroupJoinConfig::builder()
            .wire_format_policy(PURE_PLAINTEXT_WIRE_FORMAT_POLICY)
            .max_past_epochs(2)
            .use_ratchet_tree_extension(false)
            .build();
        let MlsMessageBodyIn::Welcome(welcome) = MlsMessageIn::from(welcome).extract() else {
            panic!("not a Welcome");
        };
        StagedWelcome::new_from_welcome(&self.provider, &config, welcome, Some(tree))
            .expect("a Welcome that opens")
            .into_group(&self.provider)
            .expect("joined")
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let started = Instant::now();
    let result = work();
    (started.elapsed().as_secs_f64() * 1000.0, result)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn measure(members: usize) {
    let (founder, last) = (Device::new(), Device::new());
    let mut group = founder.create();
    let crowd: Vec<KeyPackage> = (2..members).map(|_| Device::new().key_package()).collect();
    let packages: Vec<KeyPackage> = crowd.into_iter().chain([last.key_package()]).collect();
    let (add_ms, welcome) = timed(|| {
        let mut welcome = None;
        for portion in packages.chunks(ADDS_PER_COMMIT) {
            let (_, sent, _) = group.add_members(&founder.provider, &founder.signer, portion).expect("added");
            group.merge_pending_commit(&founder.provider).expect("merged");
            welcome = Some(sent);
        }
        welcome.expect("somebody was added")
    });
    let tree = RatchetTreeIn::from(group.export_ratchet_tree());
    let (join_ms, mut joined) = timed(|| last.join(welcome, tree));
    let text = [42; TEXT_BYTES];
    let mut sent = Vec::new();
    let send_ms = median(
        (0..SENDS)
            .map(|_| {
                let (ms, message) = timed(|| {
                    let message = group.create_message(&founder.provider, &founder.signer, &text).expect("sent");
                    message.to_bytes().expect("encoded")
                });
                sent.push(message);
                ms
            })
            .collect(),
    );
    let open_ms = median(
        sent.into_iter()
            .map(|message| {
                let open = || {
                    let parsed = MlsMessageIn::tls_deserialize_exact(message.as_slice()).expect("a message");
                    let protocol = parsed.try_into_protocol_message().expect("a message of a group");
                    black_box(joined.process_message(&last.provider, protocol).expect("opened"))
                };
                timed(open).0
            })
            .collect(),
    );
    println!("add {members} {add_ms}\njoin {members} {join_ms}\nsend {members} {send_ms}\nopen {members} {open_ms}");
}

fn main() {
    let members = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(1000);
    let device = Device::new();
    let packages = (0..KEY_PACKAGES).map(|_| timed(|| black_box(device.key_package())).0).collect();
    println!("key-package 1 {}", median(packages));
    measure(2);
    measure(members);
}
