//! What `--format sarif` prints is SARIF 2.1.0: the schema of OASIS (`schema/sarif-2.1.0.json`, committee specification,
//! unchanged) has nothing to object to, and what a schema can't say is asked here.

use jsonschema::Validator;
use serde_json::Value;

use crate::common::Tree;

fn schema() -> Validator {
    let mut schema: Value = serde_json::from_str(include_str!("schema/sarif-2.1.0.json")).expect("JSON");
    // A bracket too many makes it no pattern of a language that JSON Schema allows.
    for place in ["run", "toolComponent"] {
        let language = &mut schema["definitions"][place]["properties"]["language"];
        assert!(language.as_object_mut().and_then(|language| language.remove("pattern")).is_some());
    }
    jsonschema::options().should_validate_formats(true).build(&schema).expect("a schema")
}

fn assert_valid(sarif: &Value) {
    let problems: Vec<String> =
        schema().iter_errors(sarif).map(|problem| format!("{}: {problem}", problem.instance_path())).collect();
    assert!(problems.is_empty(), "{}\n{sarif:#}", problems.join("\n"));
}

/// Every result names a rule that the tool describes.
fn assert_rules_are_told(sarif: &Value) {
    let run = &sarif["runs"][0];
    let rules: Vec<&Value> =
        run["tool"]["driver"]["rules"].as_array().into_iter().flatten().map(|rule| &rule["id"]).collect();
    for result in run["results"].as_array().expect("results") {
        assert!(rules.contains(&&result["ruleId"]), "{result:#}");
    }
}

#[test]
fn the_schema_refuses_what_is_not_sarif() {
    assert!(!schema().is_valid(&serde_json::json!({"version": "2.1.0", "runs": [{"results": []}]})));
}

#[test]
fn findings_with_chains_errors_and_strange_names_are_valid() {
    let tree = Tree::new(&[
        ("helper.py", "def shout(text):\n    print(text)\n"),
        ("a.py", "import helper\nhelper.shout('a')\nx = [print(i) for i in range(2)]\n"),
        ("broken.py", "def (:\n"),
        ("ä folder/with space.py", "print('ü')\n"),
        ("strict.py", "# lyo: strict\nprint(1)\n"),
    ]);
    tree.write("latin.py", b"x = '\xff'\n");
    let sarif = tree.lyo(&["check", "--format", "sarif"]).json();
    assert_valid(&sarif);
    assert_rules_are_told(&sarif);
    let results = sarif["runs"][0]["results"].as_array().expect("results");
    assert!(results.iter().any(|result| result["relatedLocations"].is_array()), "{sarif:#}");
    assert!(results.iter().any(|result| result["level"] == "error"), "{sarif:#}");
}

#[test]
fn nothing_found_is_valid() {
    let tree = Tree::new(&[("a.py", "x = 1\n")]);
    assert_valid(&tree.lyo(&["check", "--format", "sarif"]).json());
    let tree = Tree::new(&[]);
    assert_valid(&tree.lyo(&["check", "--format", "sarif"]).json());
}
