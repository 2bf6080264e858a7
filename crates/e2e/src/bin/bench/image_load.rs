//! From an image of the engine to the same image on a node.

use super::ground::{Ground, Made, PATIENCE};
use super::pairs::{Comparison, Outcome, Side, interleaved};
use camino::{Utf8Path, Utf8PathBuf};
use seatrial_harness::cluster::{self, Cluster};
use seatrial_harness::command::Cmd;
use seatrial_harness::run_id::RunId;
use seatrial_harness::tools::registry_image;
use std::time::Instant;

pub(crate) const NAME: &str = "image-load";

pub(crate) async fn compare(ground: &Ground, warm: &Cluster, pairs: usize) -> Outcome<Comparison> {
    let files = Files::of_registry(ground).await?;
    let (mut our_argv, mut their_argv, mut seen) = (Vec::new(), Vec::new(), 0);
    let seconds = interleaved(pairs, async |side| {
        let image = files.fresh_image(ground).await?;
        ground.commands_since(&mut seen);
        let started = Instant::now();
        match side {
            Side::Ours => ours(ground, warm, &image).await?,
            Side::Theirs => theirs(ground, warm, &image).await?,
        }
        let took = started.elapsed().as_secs_f64();
        *(if side == Side::Ours { &mut our_argv } else { &mut their_argv }) = ground.commands_since(&mut seen);
        ground.remove(Made::Image(image)).await?;
        Ok(took)
    });
    let seconds = seconds.await?;
    let size = std::fs::metadata(&files.archive)?.len() / 1_000_000;
    Ok(Comparison {
        name: NAME,
        what: "an image of the engine on a node",
        theirs: "kind load docker-image",
        our_argv,
        their_argv,
        notes: vec![format!(
            "the files of {} ({size} MB) with one random file more each time: no layer, no id and no tag is there already",
            registry_image()
        )],
        seconds,
    })
}

async fn ours(ground: &Ground, warm: &Cluster, image: &str) -> Outcome<()> {
    let report = cluster::load_images(warm, &[image.to_owned()], &ground.tools).await?;
    let is_loaded = report.loaded == [image];
    if is_loaded { Ok(()) } else { Err(format!("{image} was not loaded: {report:?}").into()) }
}

async fn theirs(ground: &Ground, warm: &Cluster, image: &str) -> Outcome<()> {
    let args = ["load", "docker-image", image, "--name", &warm.name];
    Cmd::new(&ground.tools.kind).args(args).timeout(PATIENCE).run_ok().await?;
    Ok(())
}

/// The files of the image that the charts run, as an archive.
struct Files {
    folder: Utf8PathBuf,
    archive: Utf8PathBuf,
}

impl Files {
    async fn of_registry(ground: &Ground) -> Outcome<Self> {
        let archive = ground.dir().join("files.tar");
        let made = ground.docker(&["create", registry_image()]).run_ok().await?;
        let exported = ground.docker(&["export", "--output", archive.as_str(), made.text()]).run_ok().await;
        ground.docker(&["rm", "--force", "--volumes", made.text()]).run_ok().await?;
        exported?;
        Ok(Self { folder: ground.dir().to_owned(), archive })
    }

    /// An image that nobody has seen before: one layer, with a random file in it.
    async fn fresh_image(&self, ground: &Ground) -> Outcome<String> {
        let name = format!("seatrial.local/bench:{}", RunId::random());
        // An archive with two stamps would be refused.
        let fresh = self.folder.join("fresh.tar");
        std::fs::copy(&self.archive, &fresh)?;
        std::fs::write(self.folder.join("stamp"), &name)?;
        append(&fresh, &self.folder).await?;
        ground.will_make(Made::Image(name.clone()));
        ground.docker(&["import", fresh.as_str(), &name]).run_ok().await?;
        Ok(name)
    }
}

async fn append(archive: &Utf8Path, folder: &Utf8Path) -> Outcome<()> {
    let args = ["--append", "--file", archive.as_str(), "--directory", folder.as_str(), "stamp"];
    Cmd::new("tar").args(args).timeout(PATIENCE).run_ok().await?;
    Ok(())
}
