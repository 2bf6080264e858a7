//! PAL-028: without a way out of the host for the engine's networks everything still passes, and no packet of the
//! cluster has tried to leave, but for lookups: whether the host's name servers answer them makes no difference.

use e2e::State;
use e2e::charts::Copy;
use e2e::faulty::CutOff;
use e2e::program::tool;
use e2e::report::{document, verdicts};
use seatrial_harness::tools::registry_image;

#[test]
#[ignore = "it changes the host's packet filter while it runs: `just cut-off`"]
fn without_a_way_out_everything_passes() {
    let state = State::new(env!("CARGO_BIN_EXE_seatrial-e2e"));
    let chart = Copy::of("pallet-registry");
    let cut = CutOff::new();
    let finished = state.seatrial("cutoff00").call(&["verify", chart.path().as_str(), "--format", "json"]);
    let verdicts = verdicts(&document(&finished));
    let failed: Vec<_> = verdicts.iter().filter(|line| line.verdict == "fail").collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let text = format!("without a way out: {} packets wanted to leave, and {} lookups\n", cut.packets(), cut.lookups());
    std::io::Write::write_all(&mut std::io::stderr(), text.as_bytes()).expect("a standard error");
    assert_eq!(cut.packets(), 0, "packets of the cluster wanted to leave the host");

    // Would one have been seen? A container that talks to the registry of the world, on the cluster's own network.
    let config =
        "version: 0.1\nstorage: { inmemory: }\nhttp: { addr: ':5000' }\nproxy: { remoteurl: 'http://203.0.113.1' }\n";
    talk_outwards(config);
    assert!(cut.packets() > 0, "the rule counts nothing: the zero above proves nothing");
}

/// The registry as a mirror of an address that nobody has: asked for anything, it calls there.
fn talk_outwards(config: &str) {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("config.yml");
    std::fs::write(&file, config).expect("its configuration");
    let mount = format!("{}:/config.yml:ro", file.display());
    let run = ["run", "--detach", "--rm", "--network", "kind", "--publish", "127.0.0.1::5000", "--volume", &mount];
    let id = tool("docker", &[&run[..], &[registry_image(), "serve", "/config.yml"]].concat());
    let address = tool("docker", &["port", id.trim(), "5000/tcp"]);
    let url = format!("http://{}/v2/a/manifests/b", address.trim());
    tool("sh", &["-c", &format!("curl --silent --max-time 5 --retry 3 --retry-connrefused {url} || true")]);
    tool("docker", &["rm", "--force", id.trim()]);
}
