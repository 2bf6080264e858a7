//! A Skaffold manifest that does not fit the chart, and one that names files that are not there.

use super::Named;
use crate::case::{Case, Expected, sites};
use crate::chart::{Chart, Line};
use seatrial_contracts::model::SkaffoldFile;
use seatrial_contracts::skaffold::named_paths;

pub(super) const MUTANTS: &[Named] = &[
    ("context-gone", |c| broken(c, 7, "context: build", "context: bild")),
    ("dockerfile-gone", |c| broken(c, 8, "Dockerfile.dev", "Dockerfile.prod")),
    ("chart-gone", |c| broken(c, 13, "chartPath: charts/", "chartPath: chart/")),
    ("values-gone", |c| broken(c, 14, "values.yaml", "values-gone.yaml")),
    ("image-renamed", |c| broken(c, 6, "image: ", "image: other/")),
    ("release-unnamed", |c| broken(c, 12, "- name: ", "- nam: ")),
    ("no-config", |c| broken(c, 2, "kind: Config", "kind: Cfg")),
    ("no-version", |c| broken(c, 1, "skaffold/v4beta13", "v4beta13")),
    ("nobody-builds-it", |c| {
        let mut chart = c.clone();
        let image = image(&chart);
        let image = chart.filled(&image);
        let file = chart.skaffold.as_mut().expect("a manifest");
        file.built = vec![image];
        file.text = file.text.replacen("  artifacts:\n", "  artifacts: []\n  others:\n", 1);
        vec![at(chart, 5)]
    }),
];

/// `<chart>` and `<image>` stand for those of the base.
const MANIFEST: &str = "\
apiVersion: skaffold/v4beta13
kind: Config
metadata: { name: <chart> }
build:
  artifacts:
  - image: <image>
    context: build
    docker: { dockerfile: Dockerfile.dev }
deploy:
  helm:
    releases:
    - name: <chart>
      chartPath: charts/<chart>
      valuesFiles: [charts/<chart>/values.yaml]
";

/// A manifest that builds one of the chart's images and installs it.
pub(crate) fn sound(chart: &Chart) -> SkaffoldFile {
    let text = chart.filled(&MANIFEST.replace("<image>", &image(chart)));
    let (chart, there) = (format!("charts/{}", chart.name()), named_paths(&text));
    SkaffoldFile { file: "skaffold.yaml".to_owned(), text, chart, there, built: Vec::new() }
}

/// The last image of the chart, without its tag: no mutant leaves it out.
fn image(chart: &Chart) -> String {
    let at = sites(chart, super::WORKLOADS, "@ spec containers * image").into_iter().next_back().expect("an image");
    let image = chart.get(&at).as_str().expect("a text").split('@').next().unwrap_or_default().to_owned();
    match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name.to_owned(),
        _ => image,
    }
}

/// The manifest with one text of a line replaced.
fn broken(chart: &Chart, line: usize, from: &str, to: &str) -> Vec<Case> {
    let mut chart = chart.clone();
    let text = &mut chart.skaffold.as_mut().expect("a manifest").text;
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    assert!(lines[line - 1].contains(from), "line {line} of\n{text}");
    lines[line - 1] = lines[line - 1].replacen(from, to, 1);
    *text = lines.join("\n");
    vec![at(chart, line)]
}

fn at(chart: Chart, line: usize) -> Case {
    let line = Line { file: "skaffold.yaml".to_owned(), rendered: None, template: Some(line) };
    Case { chart, clause: None, expected: Expected::Line(line) }
}
