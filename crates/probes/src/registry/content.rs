//! What a push sends: a random blob, a config and the manifest that names them.

use seatrial_observation::Seed;
use serde_json::json;
use sha2::{Digest, Sha256};

/// The repository of all that probes push.
pub(super) const REPOSITORY: &str = "seatrial/probe";
/// The media type of an image manifest.
pub(super) const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";

const CONFIG_TYPE: &str = "application/vnd.oci.image.config.v1+json";
const LAYER_TYPE: &str = "application/vnd.oci.image.layer.v1.tar";
const BLOB_SIZE: usize = 64 * 1024;

/// One image, its layer a random blob.
#[derive(Debug)]
pub(super) struct Artefact {
    pub(super) tag: String,
    pub(super) blob: Vec<u8>,
    pub(super) config: Vec<u8>,
    pub(super) manifest: Vec<u8>,
}

impl Artefact {
    /// An image that no registry has seen.
    pub(super) fn random() -> Self {
        let blob = random(BLOB_SIZE);
        let config = config_of(&blob);
        let manifest = manifest_of(&blob, &config);
        Self { tag: random_hex(8), blob, config, manifest }
    }

    /// What is needed to find and compare it later.
    pub(super) fn seed(&self) -> Seed {
        Seed {
            repository: REPOSITORY.to_owned(),
            blob: digest_of(&self.blob),
            blob_size: self.blob.len() as u64,
            manifest: digest_of(&self.manifest),
        }
    }
}

fn config_of(blob: &[u8]) -> Vec<u8> {
    let rootfs = json!({ "type": "layers", "diff_ids": [digest_of(blob)] });
    json!({ "architecture": "amd64", "os": "linux", "rootfs": rootfs }).to_string().into_bytes()
}

fn manifest_of(blob: &[u8], config: &[u8]) -> Vec<u8> {
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": { "mediaType": CONFIG_TYPE, "digest": digest_of(config), "size": config.len() },
        "layers": [{ "mediaType": LAYER_TYPE, "digest": digest_of(blob), "size": blob.len() }],
    });
    manifest.to_string().into_bytes()
}

/// `sha256:…` of some bytes.
pub(super) fn digest_of(bytes: &[u8]) -> String {
    format!("sha256:{:x}", Sha256::digest(bytes))
}

/// Random bytes in hexadecimal.
pub(super) fn random_hex(bytes: usize) -> String {
    use std::fmt::Write as _;
    random(bytes).iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").ok();
        text
    })
}

#[expect(clippy::expect_used, reason = "Linux always has random bytes to give")]
fn random(bytes: usize) -> Vec<u8> {
    let mut random = vec![0; bytes];
    getrandom::fill(&mut random).expect("random bytes");
    random
}
