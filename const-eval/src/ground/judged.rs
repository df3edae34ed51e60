//! The annotations, judged by calling what they are about in every interpreter at hand.
//!
//! What promises something (`total`, `pure`, `holds`, `recipe`, `changes-self`, `process`) is called
//! with random arguments in two processes of different hash seeds; see `judge.py`.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value as Json, json};

use super::tests::grounds;
use super::*;

const JUDGE: &str = include_str!("judge.py");

/// The promises of a table, as `judge.py` takes them.
fn claims(ground: &Ground) -> Vec<Json> {
    let mut claims = Vec::new();
    for entry in ground.entries() {
        match &entry.kind {
            EntryKind::Function { .. } => claims.extend(claim(ground, entry, None, "F", entry.call)),
            EntryKind::Type(info) => {
                if info.instantiable {
                    claims.extend(claim(ground, entry, None, "T", entry.call));
                }
                for (name, attribute) in &info.attributes {
                    let kind = match attribute.kind {
                        AttributeKind::Method => "M",
                        AttributeKind::ClassMethod => "C",
                        AttributeKind::StaticMethod => "S",
                        AttributeKind::GetSet => "G",
                        AttributeKind::Member => "B",
                        AttributeKind::Slot => "W",
                        AttributeKind::New | AttributeKind::Constant(_) | AttributeKind::Object(_) => continue,
                    };
                    claims.extend(claim(ground, entry, Some(name), kind, attribute.call));
                }
            }
            EntryKind::Instance { .. } => {}
        }
    }
    claims
}

fn claim(ground: &Ground, entry: &Entry, attribute: Option<&Name>, kind: &str, call: CallClass) -> Option<Json> {
    let (effect, requirement) = match call.effect {
        Effect::PureIf(requirement) => ("Pure".to_owned(), Some(requirement)),
        Effect::HoldsIf(requirement) => ("Holds".to_owned(), Some(requirement)),
        Effect::Modelled | Effect::Effect | Effect::Replay | Effect::ReplayIf(_) | Effect::Unknown => return None,
        effect => (format!("{effect:?}"), None),
    };
    let result = match call.result {
        ResultType::Exactly(id) => {
            let result = ground.entry(id);
            json!([*result.module, *result.name])
        }
        ResultType::None => json!(["None", null]),
        ResultType::SameAsFirst => json!(["same", null]),
        ResultType::First | ResultType::Unknown => Json::Null,
    };
    let requirement = requirement.map(|requirement| format!("{requirement:?}"));
    Some(json!([*entry.module, *entry.name, attribute.map(|name| &**name), kind, effect, requirement, result]))
}

fn judge(python: &std::path::Path, claims: &[Json], hash_seed: &str) -> Json {
    let mut process = Command::new(python)
        .args(["-X", "faulthandler", "-S", "-P", "-c", JUDGE])
        .env("PYTHONHASHSEED", hash_seed)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let input = serde_json::to_vec(claims).unwrap();
    process.stdin.take().unwrap().write_all(&input).unwrap();
    let output = process.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", output.status);
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn promises_are_kept() {
    let mut broken = Vec::new();
    for (python, ground) in grounds() {
        let version = ground.target().version;
        let claims = claims(ground);
        assert!(claims.len() > 500, "{}", claims.len());
        let [one, other] = ["1", "2"].map(|seed| judge(python, &claims, seed));
        let sentences = one["broken"].as_array().unwrap().iter();
        broken.extend(sentences.map(|sentence| format!("{version:?} {}", sentence.as_str().unwrap_or_default())));
        for (number, claim) in claims.iter().enumerate() {
            let (one, other) = (&one["outcomes"][number], &other["outcomes"][number]);
            if one != other {
                broken.push(format!("{version:?} {claim}: differs between processes: {one} and {other}"));
            }
        }
        println!("{version:?}: {} claims, unreached {}", claims.len(), one["unreached"]);
    }
    broken.truncate(60);
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}
