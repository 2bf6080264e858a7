//! Input that means no good, in contracts, values, manifests and folders: a clear error with its exit code, within
//! 10 s and 1 GiB (which `Repository::call` enforces), and no process left. No cluster.

use e2e::Program;
use e2e::hostile::{Repository, bomb, config_map};
use std::fmt::Write as _;

const CONTRACT: &str = "contract.yaml";
const TEMPLATE: &str = "templates/a.yaml";

/// Judges the repository and compares exit and words on standard error.
#[track_caller]
fn check(repository: &Repository, code: i32, words: &[&str]) {
    let finished = repository.call(Program::at(env!("CARGO_BIN_EXE_seatrial-e2e")), &["check"]);
    let shown: String = finished.stderr.chars().take(4000).collect();
    assert_eq!(finished.code, Some(code), "{shown}");
    for word in words {
        assert!(finished.stderr.contains(word), "it does not say `{word}`:\n{shown}");
    }
    assert!(finished.stderr.len() < 64 << 10, "{} bytes are no clear error:\n{shown}", finished.stderr.len());
    assert_eq!(repository.survivors(), Vec::<i32>::new(), "processes that are left");
}

fn contract(text: impl AsRef<[u8]>) -> Repository {
    Repository::sound().file(CONTRACT, text)
}

fn template(text: impl AsRef<[u8]>) -> Repository {
    Repository::new().file(TEMPLATE, text)
}

fn values(text: impl AsRef<[u8]>) -> Repository {
    Repository::sound().file("values.yaml", text)
}

/// A contract whose environment has these values.
fn environment(text: impl AsRef<[u8]>) -> Repository {
    contract("chart: .\nenvironments:\n  dev: { values: [dev.yaml] }\n").file("dev.yaml", text)
}

fn clauses(count: usize) -> String {
    (0..count).fold("chart: .\nclauses:\n".to_owned(), |mut text, i| {
        let _ = writeln!(text, "  c{i}: {{ objects: {{ cm: 1 }} }}");
        text
    })
}

const MIB: usize = 1 << 20;

#[test]
fn a_bomb_of_aliases_in_a_contract() {
    check(&contract(format!("chart: .\n{}", bomb(10))), 20, &["too-many-aliases"]);
}

#[test]
fn a_bomb_of_one_long_text() {
    let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(400_000), "*a,".repeat(100_000));
    check(&contract(format!("chart: .\nclauses:\n  {}", long.replace("\nb", "\n  b"))), 20, &["too-many-aliases"]);
    check(&environment(&long), 20, &["aliases make it too large"]);
}

#[test]
fn anchors_around_anchors() {
    let around = (0..60).map(|i| format!("&a{i} [")).collect::<Vec<_>>().concat();
    let deep = format!("{around}{}{}", "x,".repeat(400_000), "]".repeat(60));
    check(&contract(format!("chart: .\nclauses: {deep}\n")), 20, &["too-many-aliases"]);
}

#[test]
fn an_expression_that_no_stack_holds() {
    let of = |cel: &str| {
        contract(format!("chart: .\nclauses:\n  a: {{ http: {{ get: svc/x, expect: {{ cel: \"{cel}\" }} }} }}\n"))
    };
    for cel in ["(".repeat(50_000), format!("{}json{}", "(".repeat(300), ")".repeat(300)), "!".repeat(50_000)] {
        check(&of(&cel), 20, &["bad-cel", "it is longer than"]);
    }
}

#[test]
fn regular_expressions_of_gigabytes() {
    let clause = |i: usize| {
        format!("  c{i}: {{ rendered: {{ cm/x: {{ data.a: \"~ ((a{{1000}}){{1000}}){{1000}}{i}\" }} }} }}\n")
    };
    let clauses = (0..100).map(clause).collect::<Vec<_>>().concat();
    check(&contract(format!("chart: .\nclauses:\n{clauses}")), 20, &["bad-regex"]);
}

#[test]
fn lists_of_values_without_end() {
    let keys = (0..20_000).map(|i| format!("\"k{i}[65000]\": 1, ")).collect::<Vec<_>>().concat();
    let text = format!("chart: .\nenvironments:\n  dev: {{ set: {{ {keys} }} }}\n");
    check(&contract(text), 20, &["too-large", "lists of more than 1000000 items"]);
}

#[test]
fn aliases_in_moderation_are_no_bomb() {
    check(&contract("chart: .\nclauses:\n  a: &a { objects: { cm: 1 } }\n  b: *a\n"), 0, &[]);
    check(&values(bomb(3)), 0, &[]);
}

#[test]
fn a_contract_that_is_nested_without_end() {
    for text in ["[".repeat(200_000), "{a: ".repeat(100_000), "- ".repeat(100_000)] {
        check(&contract(format!("chart: .\nclauses: {text}\n")), 20, &["contract.yaml:2:"]);
    }
}

#[test]
fn a_contract_of_100_megabytes() {
    check(&contract(clauses(3_000_000)), 20, &["it is larger than 5 MiB"]);
    check(&contract(clauses(40_000)), 20, &["too-large", "larger than 1 MiB"]);
}

#[test]
fn a_contract_of_too_many_clauses() {
    check(&contract(clauses(2_001)), 20, &["2001 clauses, where 2000 is the most"]);
}

#[test]
fn a_contract_that_is_one_long_line() {
    check(&contract(format!("chart: .\nclauses:\n  {}: 1\n", "x".repeat(900_000))), 20, &["contract.yaml:3:"]);
}

#[test]
fn a_contract_of_nothing_but_mistakes() {
    let mistakes = (0..50_000).fold("chart: .\n".to_owned(), |text, i| text + &format!("k{i}: 1\n"));
    check(&contract(mistakes), 20, &["unknown-key", "more mistakes are not shown"]);
}

#[test]
fn a_key_twice_in_a_contract() {
    check(&contract("chart: .\nchart: .\n"), 20, &["contract.yaml:2:1: duplicate-key"]);
}

#[test]
fn a_contract_that_is_no_text() {
    check(&contract(b"chart: .\n# \xff\xfe\n"), 20, &["unreadable", "no UTF-8 text"]);
}

#[test]
fn a_contract_from_elsewhere() {
    for target in ["/etc/passwd", "/dev/zero"] {
        let said = format!("link out of the chart, to {target}");
        check(&Repository::sound().link(CONTRACT, target), 20, &["unreadable", &said]);
    }
    check(&Repository::sound().pipe(CONTRACT), 20, &["unreadable", "neither file nor folder"]);
}

#[test]
fn a_repository_file_and_a_pack_are_no_better() {
    let repository = |text: &[u8]| Repository::sound().beside("seatrial.yaml", text);
    check(&repository(format!("kind: Repository\n{}", bomb(10)).as_bytes()), 20, &["too-many-aliases"]);
    check(&repository(b"kind: \"\xff\"\n"), 20, &["seatrial.yaml", "no UTF-8 text"]);
    check(&repository(&vec![b'#'; 100 * MIB]), 20, &["seatrial.yaml", "larger than 5 MiB"]);
    let pack = |text: &[u8]| repository(b"kind: Repository\n").beside("contracts/packs/p.yaml", text);
    check(&pack("[".repeat(200_000).as_bytes()), 20, &["p.yaml:1:"]);
    check(&pack(&vec![b'#'; 2 * MIB]), 20, &["p.yaml", "larger than 1 MiB"]);
    check(&pack(b"\xff"), 20, &["p.yaml", "no UTF-8 text"]);
}

#[test]
fn a_bomb_of_aliases_in_values() {
    check(&values(bomb(10)), 20, &["yaml-syntax"]);
    check(&environment(bomb(10)), 20, &["dev.yaml", "yaml-syntax"]);
    let many = format!("a: &a [{}]\nb: [{}]\n", "x,".repeat(1000), "*a,".repeat(400_000));
    check(&environment(many), 20, &["aliases make it too large"]);
}

#[test]
fn values_that_are_nested_without_end() {
    let deep = format!("a: {}{}\n", "[".repeat(200_000), "]".repeat(200_000));
    check(&values(&deep), 20, &["nested too deeply"]);
    check(&environment(&deep), 20, &["dev.yaml", "nested too deeply"]);
}

#[test]
fn values_of_100_megabytes() {
    let text = "k: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n".repeat(100 * MIB / 45);
    check(&values(&text), 10, &["larger than the maximum file size"]);
    check(&environment(&text), 20, &["dev.yaml", "larger than 5 MiB"]);
}

#[test]
fn a_key_twice_in_values() {
    check(&values("a: 1\na: 2\n"), 20, &["values.yaml:2:1", "the key `a` is written twice"]);
    check(&environment("a: 1\na: 2\n"), 20, &["dev.yaml:2:1", "the key `a` is written twice"]);
}

#[test]
fn values_that_are_no_text() {
    check(&values(b"a: \"\xff\xfe\"\n"), 10, &["bad::default::renders", "UTF-8"]);
    check(&environment(b"a: \"\xff\xfe\"\n"), 20, &["dev.yaml", "no UTF-8 text"]);
}

#[test]
fn a_bomb_of_aliases_in_a_manifest() {
    check(&template(format!("{}{}", config_map(0), bomb(10))), 10, &["bad::default::renders", "aliasing"]);
}

#[test]
fn a_manifest_that_is_nested_without_end() {
    let nested = |depth: usize| format!("{}x: {}{}\n", config_map(0), "[".repeat(depth), "]".repeat(depth));
    check(&template(nested(200_000)), 10, &["bad::default::renders", "max depth"]);
    check(&template(nested(9_000)), 10, &["bad::default::decodes", "nested too deeply"]);
}

#[test]
fn manifests_of_100_megabytes() {
    let files = (0..100).fold(Repository::new(), |repository, i| {
        let text = format!("{}  # {}\n", config_map(i), "x".repeat(MIB));
        repository.file(&format!("templates/a{i}.yaml"), text)
    });
    check(&files, 10, &["bad::default::renders", "come to more than 32 MiB"]);
}

#[test]
fn a_small_template_that_renders_100_megabytes() {
    let object = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a{{ . }} }\n";
    let many = format!(
        "{{{{- range until 100 }}}}\n---\n{object}data: {{ a: {{{{ repeat 1000000 \"x\" }}}} }}\n{{{{- end }}}}\n"
    );
    check(&template(many), 10, &["bad::default::renders"]);
    check(&template("{{ repeat 100000000 \"x\" }}"), 10, &["bad::default::renders"]);
}

#[test]
fn a_render_that_is_longer_than_any_release() {
    let one = "{{- range until 40 }}\n---\n# {{ repeat 1000000 \"x\" }}\n{{- end }}\n";
    check(&template(format!("{}{one}", config_map(0))), 10, &["bad::default::renders"]);
}

#[test]
fn objects_without_number() {
    let many = "{{- range until 60000 }}\n---\na: b\n{{- end }}\n";
    check(&template(many), 10, &["bad::default"]);
}

#[test]
fn a_key_twice_in_a_manifest() {
    let twice = format!("{}data: {{ c: d }}\n", config_map(0));
    check(&template(twice), 10, &["bad::default::decodes", "the key `data` is written twice (rendered line 7)"]);
}

#[test]
fn a_manifest_that_is_no_text() {
    check(&template(b"apiVersion: v1\nkind: \"\xff\"\n"), 10, &["bad::default::renders", "UTF-8"]);
}

#[test]
fn a_template_that_never_ends() {
    let endless = "{{- range until 100000 }}{{ range until 100000 }}{{ if false }}x{{ end }}{{ end }}{{ end }}\n";
    check(&template(endless), 10, &["bad::default::renders", "did not end within 7 s"]);
}

#[test]
fn a_template_that_never_ends_anywhere() {
    let endless = "{{- range until 100000 }}{{ range until 100000 }}{{ if false }}x{{ end }}{{ end }}{{ end }}\n";
    let many = (0..8).fold("chart: .\nenvironments:\n".to_owned(), |text, i| text + &format!("  e{i}: {{}}\n"));
    check(&template(endless).file(CONTRACT, many), 10, &["did not end within 7 s", "not tried, as the templates"]);
}

#[test]
fn a_template_that_eats_all_memory() {
    let said = "needed more than 384 MiB of memory";
    check(&template("{{- $x := until 1000000000 }}\n"), 10, &["bad::default::renders", said]);
}

#[test]
fn a_template_that_calls_itself() {
    let own = "{{- define \"a\" }}{{ include \"a\" . }}{{ end }}{{ include \"a\" . }}\n";
    check(&template(own), 10, &["bad::default::renders", "templates/a.yaml:1"]);
}

#[test]
fn links_out_of_the_chart() {
    for target in ["/etc/passwd", "/dev/zero", "/usr", "../.."] {
        let repository = Repository::sound().link("templates/b", target);
        check(&repository, 10, &["bad::default::renders", "templates/b is a link out of the chart"]);
    }
}

#[test]
fn links_around_in_a_circle() {
    check(&Repository::sound().link("loop", "."), 10, &["bad::default::renders", "a link to a folder that it is in"]);
    check(&Repository::sound().link("lost", "nowhere"), 10, &["bad::default::renders", "a link that leads nowhere"]);
    check(&Repository::sound().pipe("pipe"), 10, &["bad::default::renders", "neither file nor folder"]);
}

#[test]
fn a_link_within_the_chart_is_none_of_these() {
    check(&Repository::sound().link("values-dev.yaml", "Chart.yaml"), 0, &[]);
}

#[test]
fn a_chart_file_of_100_megabytes() {
    let text = format!("apiVersion: v2\nname: bad\nversion: 1.0.0\n#{}\n", "x".repeat(100 * MIB));
    check(&Repository::sound().file("Chart.yaml", text), 10, &["Chart.yaml: it is larger than 5 MiB"]);
}

#[test]
fn a_chart_of_5000_templates() {
    let many = |broken: &str| {
        (0..5000).fold(Repository::new(), |repository, i| {
            repository.file(&format!("templates/a{i}.yaml"), format!("{}{broken}", config_map(i)))
        })
    };
    check(&many(""), 0, &["3 passed"]);
    check(&many("dada: {}\n"), 10, &["bad::default::decodes", "unknown field `dada`", "is not shown"]);
}
