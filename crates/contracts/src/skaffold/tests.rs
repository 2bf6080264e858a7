//! One sound manifest, and each way to break it: what `skaffold` says, and at which line.

use super::named_paths;
use crate::fixture::of_skaffold;

const SOUND: &str = "\
# The registry and its agents.
apiVersion: skaffold/v4beta13
kind: Config
metadata: { name: registry }
build:
  artifacts:
  - image: registry
    context: images/registry
    docker: { dockerfile: Dockerfile.dev }
deploy:
  helm:
    releases:
    - name: registry
      chartPath: charts/registry
      valuesFiles: [charts/registry/values-dev.yaml]
profiles:
- name: custom
  build:
    artifacts:
    - image: registry
      custom:
        buildCommand: tools/build.sh registry images/registry/Dockerfile.dev
        dependencies: { paths: [crates/registry/**/*.rs, Cargo.lock] }
---
apiVersion: skaffold/v4beta13
kind: Config
metadata: { name: other }
deploy: { helm: { releases: [{ name: other, chartPath: charts/other }] } }
";

const THERE: [&str; 9] = [
    ".",
    "Cargo.lock",
    "charts/other/Chart.yaml",
    "charts/registry/Chart.yaml",
    "charts/registry/values-dev.yaml",
    "crates/registry",
    "images/registry",
    "images/registry/Dockerfile.dev",
    "tools/build.sh",
];

/// What is found where this text of the manifest is that one.
#[track_caller]
fn check(from: &str, to: &str, expected: &str) {
    assert_eq!(SOUND.matches(from).count(), 1, "{from}");
    assert_eq!(of_skaffold(&SOUND.replacen(from, to, 1), &THERE, &["registry"]), expected);
}

#[test]
fn a_sound_manifest_passes() {
    check("# The registry and its agents.", "# It.", "");
    let paths: Vec<String> = named_paths(SOUND).into_iter().collect();
    // A Dockerfile may also lie where Skaffold is called.
    let also = |path: &&String| *path != "Dockerfile.dev";
    assert_eq!(paths.iter().filter(also).collect::<Vec<_>>(), THERE);
}

#[test]
fn without_a_module_of_the_chart_there_is_no_clause() {
    check("chartPath: charts/registry\n", "chartPath: charts/other\n", "");
    assert_eq!(of_skaffold("a: [", &[], &[]), "");
}

#[test]
fn a_file_that_is_not_there() {
    check(
        "{ dockerfile: Dockerfile.dev }",
        "{ dockerfile: Dockerfle }",
        "skaffold: Dockerfile of artifact registry: expected images/registry/Dockerfle, seen no such file\n  skaffold.yaml:9 ",
    );
    check(
        "registry images/registry/Dockerfile.dev",
        "registry images/rgistry/Dockerfile.dev",
        "skaffold: Dockerfile of artifact registry: expected images/rgistry/Dockerfile.dev, seen no such file\n  \
         skaffold.yaml:22 ",
    );
    check(
        "context: images/registry",
        "context: image/registry",
        "skaffold: context of artifact registry: expected image/registry, seen no such file\n  skaffold.yaml:8 ",
    );
    check(
        "tools/build.sh registry",
        "tools/bild.sh registry",
        "skaffold: build command of artifact registry: expected tools/bild.sh, seen no such file\n  skaffold.yaml:22 ",
    );
    check(
        "crates/registry/**/*.rs",
        "crate/registry/**/*.rs",
        "skaffold: dependency of artifact registry: expected crate/registry, seen no such file\n  skaffold.yaml:23 ",
    );
    check(
        "[charts/registry/values-dev.yaml]",
        "[charts/registry/values-dv.yaml]",
        "skaffold: values file of Helm release registry: expected charts/registry/values-dv.yaml, seen no such file\n  \
         skaffold.yaml:15 ",
    );
    check(
        "chartPath: charts/registry\n",
        "chartPath: chart/registry\n",
        "skaffold: chart of Helm release registry: expected chart/registry/Chart.yaml, seen no such file\n  skaffold.yaml:14 ",
    );
}

#[test]
fn images_and_artifacts_are_the_same() {
    check(
        "  - image: registry\n    context",
        "  - image: regstry\n    context",
        "skaffold: image registry of the chart: expected an artifact, as the repository's `images` has Skaffold build it; seen \
         none\nartifact regstry: expected an image that the chart runs, seen registry (did you mean `registry`?)\n  \
         skaffold.yaml:6 ",
    );
    check(
        "    docker: { dockerfile: Dockerfile.dev }\n",
        "    docker: { dockerfile: Dockerfile.dev }\n  - { image: registry, context: images/registry, docker: { dockerfile: \
         Dockerfile.dev } }\n",
        "skaffold: artifact registry: expected one of this name in a module, seen several\n  skaffold.yaml:10 ",
    );
}

#[test]
fn who_else_takes_an_image_is_asked() {
    let more = "    docker: { dockerfile: Dockerfile.dev }\n  - { image: base, context: images/registry, docker: { dockerfile: \
                Dockerfile.dev } }\n";
    let unused = "skaffold: artifact base: expected an image that the chart runs, seen registry\n  skaffold.yaml:10 ";
    let changed = |more: &str, from: &str, to: &str| {
        let text = SOUND.replacen("    docker: { dockerfile: Dockerfile.dev }\n", more, 1).replacen(from, to, 1);
        of_skaffold(&text, &THERE, &[])
    };
    assert_eq!(changed(more, "", ""), unused);
    assert_eq!(changed(more, "deploy:\n", "manifests: { rawYaml: [k8s/*.yaml] }\ndeploy:\n"), "");
    assert_eq!(changed(more, "deploy:\n", "verify: [{ name: a, container: { name: a, image: base } }]\ndeploy:\n"), "");
    assert_eq!(
        changed(more, "metadata: { name: other }", "metadata: { name: other }\nrequires: [{ configs: [registry] }]"),
        ""
    );
    assert_eq!(
        changed(
            more,
            "name: registry\n      c",
            "name: registry\n      setValueTemplates: { i: '{{.IMAGE_REPO_base}}' }\n      c"
        ),
        ""
    );
    assert_eq!(changed(more, "  - image: registry\n", "  - image: registry\n    requires: [{ image: base }]\n"), "");
}

#[test]
fn of_a_module_with_several_charts_each_has_its_profile() {
    let text = "apiVersion: skaffold/v4beta13\nkind: Config\nbuild: { artifacts: [{ image: web, context: gone }] }\ndeploy: { helm: { \
                releases: [{ name: web, chartPath: charts/web }] } }\nprofiles:\n- name: registry\n  patches: [{ op: remove, path: \
                /build/artifacts }]\n  deploy: { helm: { releases: [{ name: registry, chartPath: charts/registry }] } }\n";
    let found = |text: &str| of_skaffold(text, &["charts/registry/Chart.yaml", "charts/web/Chart.yaml"], &[]);
    assert_eq!(found(text), "", "what another chart's profile names is not this chart's");
    let inherited = "skaffold: context of artifact web: expected gone, seen no such file\nartifact web: expected an image that the \
                     chart runs, seen registry\n  skaffold.yaml:3 ";
    assert_eq!(found(&text.replace("op: remove, path: /build/artifacts", "op: remove, path: /verify")), inherited);
}

#[test]
fn a_module_is_whole() {
    check(
        "apiVersion: skaffold/v4beta13\nkind: Config\nmetadata: { name: registry }",
        "kind: Config\nmetadata: { name: registry }",
        "skaffold: apiVersion: expected skaffold/v…, seen none\n  skaffold.yaml:2 ",
    );
    check(
        "kind: Config\nmetadata: { name: registry }",
        "kind: Konfig\nmetadata: { name: registry }",
        "skaffold: kind: expected Config, seen `Konfig`\n  skaffold.yaml:3 ",
    );
    check(
        "metadata: { name: registry }",
        "metadata: { name: other }",
        "skaffold: metadata.name: expected a name that no other module has, seen `other`\n  skaffold.yaml:4 ",
    );
    check(
        "metadata: { name: registry }\n",
        "",
        "skaffold: metadata.name: expected a name that no other module has, seen none\n  skaffold.yaml:2 ",
    );
    check(
        "  - image: registry\n    context",
        "  - context",
        "skaffold: artifact: expected an image, seen none\nimage registry of the chart: expected an artifact, as the \
         repository's `images` has Skaffold build it; seen none\n  skaffold.yaml:7 ",
    );
    check(
        "kind: Config\nmetadata: { name: registry }",
        "kind: Config\nkind: Config\nmetadata: { name: registry }",
        "skaffold: skaffold.yaml: the key `kind` is written twice; the first is in line 3\n  skaffold.yaml:4 ",
    );
    check(
        "build:\n  artifacts:\n  - image: registry\n    context",
        "build: [\n  artifacts:\n  - image: registry\n    context",
        "skaffold: skaffold.yaml: expected YAML, seen no valid YAML: \"-\" is only valid inside a block\n  \
         skaffold.yaml:7 ",
    );
}
